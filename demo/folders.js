// What a dropped folder holds.

const KINDS = /\.(jpe?g?|jfif|jif|png|webp|gif|bmp|dib|tiff?|hei[cf]|hif|avif)$|^[^.]+$/i; // a file without an extension may be one

/** Dropped files, and the photos in dropped folders, in the order of their names. Rejects where one can't be read. @returns {Promise<File[]>} */
export async function photosOf(entries) {
  const files = (await Promise.all(sorted(entries).map((entry) => (entry.isDirectory ? photosIn(entry) : [entry])))).flat();
  return Promise.all(files.map((entry) => new Promise((resolve, reject) => entry.file(resolve, reject))));
}

/** The entries of files in a folder and in those within it, but hidden ones. */
async function photosIn(folder) {
  const shown = (await entriesOf(folder.createReader())).filter(({ name, isDirectory }) => !name.startsWith(".") && (isDirectory || KINDS.test(name)));
  return (await Promise.all(sorted(shown).map((entry) => (entry.isDirectory ? photosIn(entry) : [entry])))).flat();
}

const sorted = (entries) => entries.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));

/** A reader gives its entries in parts; an empty one is the last. */
async function entriesOf(reader) {
  const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  return part.length ? [...part, ...(await entriesOf(reader))] : [];
}
