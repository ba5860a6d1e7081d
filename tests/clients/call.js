// Calls one function of the client, named with its options on standard input, and prints what it resolves to, or the errors that it rejects with.
const client = require("remove.bg");
const [name, options] = JSON.parse(require("fs").readFileSync(0, "utf8"));

client[name](options).then(
  (result) => console.log(JSON.stringify({ result })),
  (errors) => console.log(JSON.stringify({ errors })));
