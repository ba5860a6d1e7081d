// The API call that gives the same picture without this page.
import { HEADER } from "./apikey.js";
import { limited } from "./config.js";

/** @import { Parameter } from "./types" */

const address = () => new URL("v1.0/removebg", document.baseURI).href;
const quoted = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** To curl a comma or semicolon ends a file's name, unless that is quoted. */
const listed = (file) => (/[,;"\\]/.test(file) ? JSON.stringify(file) : file);

/** Names and values of a call; files by their names. */
function fields(photo, parameters, background) {
  /** @type {Parameter[]} */
  const all = [["image_file", photo.file], ...parameters];
  if (background.kind === "colour") all.push(["bg_color", background.colour.slice(1)]);
  if (background.kind === "picture") all.push(["bg_image_file", background.file]);
  all.push(["format", "png"]);
  return all.map(([name, value]) => (value instanceof File ? { name, file: value.name } : { name, text: String(value) }));
}

export function curl(photo, parameters, background) {
  const rows = fields(photo, parameters, background).map(({ name, file, text }) => `  -F ${quoted(`${name}=${file ? `@${listed(file)}` : text}`)}`);
  if (limited) rows.unshift(`  -H '${HEADER}: YOUR_KEY'`);
  return [`curl -f ${quoted(address())}`, ...rows, `  -o ${quoted(`${photo.stem}-cut.png`)}`].join(" \\\n");
}

export function python(photo, parameters, background) {
  const all = fields(photo, parameters, background), text = JSON.stringify;
  return [
    "import requests", "",
    "answer = requests.post(", `    ${text(address())},`,
    ...(limited ? [`    headers={${text(HEADER)}: "YOUR_KEY"},`] : []),
    `    files={${all.filter(({ file }) => file).map(({ name, file }) => `${text(name)}: open(${text(file)}, "rb")`).join(", ")}},`,
    `    data={${all.filter(({ file }) => !file).map((field) => `${text(field.name)}: ${text(field.text)}`).join(", ")}},`,
    ")", "answer.raise_for_status()",
    `open(${text(`${photo.stem}-cut.png`)}, "wb").write(answer.content)`,
  ].join("\n");
}
