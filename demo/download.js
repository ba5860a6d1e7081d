// Download, copy, and one zip of all photos.
import { composed } from "./compose.js";
import { background, parameters } from "./options.js";

const picture = (photo, format) => composed(photo.result(parameters()), background(), format);

export const download = async (photo, format) => save(await picture(photo, format), `${photo.stem}-cut.${format}`);

/** The clipboard gets a promise, as Safari wants it while the click still counts. */
export const copy = (photo) => navigator.clipboard.write([new ClipboardItem({ "image/png": picture(photo, "png") })]);

/** One zip of what is cut out, and the number of files in it; names that occur twice are numbered. */
export async function downloadAll(photos, progress) {
  const { downloadZip } = await import("./vendor/client-zip.js"), files = new Map();
  for (const [done, photo] of photos.entries()) {
    progress(done);
    if (!photo.error || photo.error.retry || !photo.wants(parameters())) await photo.request(parameters());
    if (!photo.result(parameters())) continue;
    let name = `${photo.stem}-cut.png`;
    for (let count = 2; files.has(name); count++) name = `${photo.stem}-${count}-cut.png`;
    files.set(name, await picture(photo, "png"));
  }
  if (files.size) save(await downloadZip([...files].map(([name, input]) => ({ name, input }))).blob(), "cut-outs.zip");
  return files.size;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // the browser holds the file by then
}
