// A photo is made upright, and no larger than the function answers, before it is sent.
import { LIMITS } from "./config.js";
import { tooBig } from "./errors.js";

const CANVAS = 16_000_000; // pixels; Safari draws no more
const OPAQUE = ["image/jpeg", "image/heic", "image/heif", "image/bmp"];

/**
 * The file itself, or a smaller one of at most so many pixels. Width and height are 0 where the browser can't read the file.
 * Rejects with a RequestError where that is too big. @returns {Promise<Blob>}
 */
export async function resized(file, width, height, pixels) {
  if (file.size <= LIMITS.bytes && width * height <= pixels) return file;
  if (!width && file.size > LIMITS.bytes) throw tooBig();
  if (!width) return file; // the function reads more formats than browsers do
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, Math.sqrt(Math.min(pixels, CANVAS) / (picture.width * picture.height)));
  const canvas = new OffscreenCanvas(Math.max(1, Math.floor(picture.width * scale)), Math.max(1, Math.floor(picture.height * scale)));
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const png = OPAQUE.includes(file.type) ? null : await canvas.convertToBlob({ type: "image/png" });
  return png && png.size <= LIMITS.bytes ? png : canvas.convertToBlob({ type: "image/jpeg", quality: 0.94 });
}
