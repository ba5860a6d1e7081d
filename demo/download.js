// @ts-check
// Download, copy, and one zip of all photos.
import { composed } from "./compose.js";
import { background, parameters } from "./options.js";

/** @import { Photo } from "./photo.js" */
/** @import { Format } from "./types" */

/** @param {Photo} photo @param {Format} format */
async function picture(photo, format) {
  const result = photo.result(parameters());
  return result && composed(result, background(), format);
}

/** @param {Photo} photo @param {Format} format */
export async function download(photo, format) {
  const blob = await picture(photo, format);
  if (blob) save(blob, `${photo.stem}-cut.${format}`);
}

/** The promise goes to the clipboard, as Safari wants it while the click still counts. @param {Photo} photo */
export const copy = (photo) => navigator.clipboard.write([new ClipboardItem({ "image/png": picture(photo, "png").then((blob) => blob ?? new Blob()) })]);

/** One zip of what is cut out; names that occur twice are numbered. @param {Photo[]} photos @param {(done: number) => void} progress */
export async function downloadAll(photos, progress) {
  const { downloadZip } = await import("./vendor/client-zip.js");
  /** @type {Map<string, number>} */
  const names = new Map(), files = [];
  for (const [done, photo] of photos.entries()) {
    progress(done);
    await photo.request(parameters());
    const input = await picture(photo, "png"), count = (names.get(photo.stem) ?? 0) + 1;
    if (!input) continue;
    names.set(photo.stem, count);
    files.push({ input, name: `${photo.stem}${count > 1 ? `-${count}` : ""}-cut.png` });
  }
  if (files.length) save(await downloadZip(files).blob(), "cut-outs.zip");
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // the browser has its own hold on the file by then
}
