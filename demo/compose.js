// The picture to take away: the function's own file if that is wanted, else drawn here over its background.
import { RequestError } from "./errors.js";

const TYPES = { png: "image/png", webp: "image/webp", jpg: "image/jpeg" };

/** A cut-out over its background; a JPEG without one is white. @returns {Promise<Blob>} */
export async function composed(result, background, format) {
  if (format === "png" && background.kind === "none" && result.blob.type === TYPES.png) return result.blob;
  const canvas = document.createElement("canvas"), pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  Object.assign(canvas, { width: result.width, height: result.height });
  pen.imageSmoothingQuality = "high";
  if (background.kind === "colour" || format === "jpg") {
    pen.fillStyle = background.kind === "colour" ? background.colour : "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
  if (background.kind === "picture") cover(pen, await createImageBitmap(background.file, { imageOrientation: "from-image" }));
  pen.drawImage(await createImageBitmap(result.blob), 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, TYPES[format], 0.92));
  if (blob?.type !== TYPES[format]) throw new RequestError(`This browser writes no ${format.toUpperCase()}`, "Take PNG or JPEG instead.");
  return blob;
}

function cover(pen, picture) {
  const { width, height } = pen.canvas, scale = Math.max(width / picture.width, height / picture.height);
  const [w, h] = [picture.width * scale, picture.height * scale];
  pen.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
}
