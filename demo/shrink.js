// Photos are made as small as the function will answer them, before they are sent. EXIF orientation is applied on the way.
import { limited } from "./app.js";
import { problemOf } from "./problems.js";

const MOST = { pixels: limited ? 250_000 : 50_000_000, bytes: 22_000_000 };
const CANVAS = 16_000_000; // pixels; Safari draws no more
const OPAQUE = ["image/jpeg", "image/heic", "image/heif", "image/bmp"];

/** The file itself where it fits, else a smaller one. `width` and `height` are those that the browser sees, 0 where it can't read the file. */
export async function shrink(file, width, height) {
  if (file.size <= MOST.bytes && width * height <= MOST.pixels) return file;
  if (!width && file.size > MOST.bytes) throw problemOf(400, "file_too_large");
  if (!width) return file; // the function reads more formats than browsers do
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, Math.sqrt(Math.min(MOST.pixels, CANVAS) / (picture.width * picture.height)));
  const canvas = new OffscreenCanvas(Math.max(1, Math.floor(picture.width * scale)), Math.max(1, Math.floor(picture.height * scale)));
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const png = OPAQUE.includes(file.type) ? null : await canvas.convertToBlob({ type: "image/png" });
  return png && png.size <= MOST.bytes ? png : canvas.convertToBlob({ type: "image/jpeg", quality: 0.94 });
}
