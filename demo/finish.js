// The picture as it is taken away: the function's own bytes where they are what was asked, else put together here.
import { Problem } from "./problems.js";

const TYPES = { png: "image/png", webp: "image/webp", jpg: "image/jpeg" };

/** A blob of an answer over what is behind it; JPEG, which knows no transparency, stands on white. */
export async function finished(answer, behind, format) {
  if (format === "png" && behind.kind === "none" && answer.blob.type === TYPES.png) return answer.blob;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: answer.width, height: answer.height });
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  if (behind.kind === "colour" || format === "jpg") {
    pen.fillStyle = behind.colour ?? "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
  if (behind.kind === "picture") cover(pen, await createImageBitmap(behind.file, { imageOrientation: "from-image" }));
  pen.drawImage(await createImageBitmap(answer.blob), 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, TYPES[format], 0.92));
  if (blob?.type !== TYPES[format]) throw new Problem(`This browser writes no ${format.toUpperCase()}`, "Take PNG or JPEG instead.");
  return blob;
}

function cover(pen, picture) {
  const { width, height } = pen.canvas, scale = Math.max(width / picture.width, height / picture.height);
  const [w, h] = [picture.width * scale, picture.height * scale];
  pen.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
}

export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Safari wants the promise itself, while the click still counts. */
export const copy = (blob) => navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
