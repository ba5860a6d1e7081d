// Reads calls of the client's functions from standard input, a line of JSON each: [name, options].
// Prints for each a line of what it resolves to, or of the errors that it rejects with.
const client = require("remove.bg");

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [name, options] = JSON.parse(line);
  client[name](options).then(
    (result) => console.log(JSON.stringify({ result })),
    (errors) => console.log(JSON.stringify({ errors })));
});
