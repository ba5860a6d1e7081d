// The call that gives the same picture without this page.
import { limited } from "./app.js";

const ADDRESS = () => new URL("v1.0/removebg", document.baseURI).href;
const quoted = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** [name, value] of a call: the photo, what was asked, and what stands behind; files by their names. */
function parts(photo, asked, behind, format) {
  const all = [["image_file", photo], ...asked];
  if (behind.kind === "colour") all.push(["bg_color", behind.colour.slice(1)]);
  if (behind.kind === "picture") all.push(["bg_image_file", behind.file]);
  return [...all, ["format", format]];
}

const stem = (name) => name.replace(/\.[^.]*$/, "");

export function curl(photo, asked, behind, format = "png") {
  const rows = parts(photo, asked, behind, format).map(([name, value]) => `  -F ${quoted(`${name}=${value instanceof Blob ? `@${value.name}` : value}`)}`);
  if (limited) rows.unshift("  -H 'X-Api-Key: YOUR_KEY'");
  return [`curl ${quoted(ADDRESS())}`, ...rows, `  -o ${quoted(`${stem(photo.name)}-cut.${format}`)}`].join(" \\\n");
}

export function python(photo, asked, behind, format = "png") {
  const all = parts(photo, asked, behind, format), text = JSON.stringify;
  const files = all.filter(([, value]) => value instanceof Blob), data = all.filter(([, value]) => !(value instanceof Blob));
  return [
    "import requests", "",
    "answer = requests.post(", `    ${text(ADDRESS())},`,
    ...(limited ? ['    headers={"X-Api-Key": "YOUR_KEY"},'] : []),
    `    files={${files.map(([name, value]) => `${text(name)}: open(${text(value.name)}, "rb")`).join(", ")}},`,
    `    data={${data.map(([name, value]) => `${text(name)}: ${text(value)}`).join(", ")}},`,
    ")", "answer.raise_for_status()",
    `open(${text(`${stem(photo.name)}-cut.${format}`)}, "wb").write(answer.content)`,
  ].join("\n");
}
