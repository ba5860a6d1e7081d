// What a dropped folder holds.

const KINDS = /\.(jpe?g|png|webp|hei[cf]|hif|avif|tiff?|gif|bmp)$/i;

/** The photos among dropped files and in dropped folders, in the order of their names. @param {FileSystemEntry[]} entries @returns {Promise<File[]>} */
export async function photosOf(entries) {
  const lists = await Promise.all(entries.sort((one, other) => one.name.localeCompare(other.name)).map(filesOf));
  return lists.flat();
}

async function filesOf(entry) {
  if (entry.isDirectory) return photosOf(await entriesOf(entry.createReader()));
  return KINDS.test(entry.name) && !entry.name.startsWith(".") ? [await new Promise((resolve, reject) => entry.file(resolve, reject))] : [];
}

/** A reader gives its entries in parts; an empty one is the last. */
async function entriesOf(reader) {
  const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  return part.length ? [...part, ...(await entriesOf(reader))] : [];
}
