// The strip of photos, each with its progress or its verdict, and a button that removes it.
import { $ } from "./dom.js";
import { VERDICTS } from "./words.js";

/** @import { Photo } from "./photo.js" */

const STATES = { waiting: "waiting", sending: "being sent", cutting: "being cut out", done: "done", failed: "failed" };

/** @type {Map<Photo, HTMLLIElement>} */
const items = new Map();

export function addThumbnail(photo, choose, remove) {
  const item = document.createElement("li"), button = document.createElement("button"), image = new Image();
  const bar = document.createElement("progress"), mark = document.createElement("span"), close = document.createElement("button");
  button.type = close.type = "button";
  button.dataset.type = photo.name.split(".").slice(1).pop()?.slice(0, 5) ?? "?"; // seen where there is no picture
  image.alt = "";
  image.hidden = true;
  mark.className = "mark";
  close.className = "remove";
  close.textContent = "×";
  close.ariaLabel = `Remove ${photo.name}`;
  button.append(image, bar, mark);
  button.addEventListener("click", choose);
  close.addEventListener("click", remove);
  item.append(button, close);
  item.addEventListener("keydown", (event) => event.key === "Delete" && remove());
  $("thumbnails").append(item);
  items.set(photo, item);
  const picture = (url) => {
    image.src = url;
    image.hidden = false;
  };
  photo.measured.then(([width]) => width && picture(photo.url));
  const draw = () => {
    const verdict = photo.verdict, busy = photo.state !== "done" && photo.state !== "failed";
    button.className = `${photo.state} ${verdict ?? ""}`;
    button.ariaLabel = `${photo.name}, ${verdict ? VERDICTS[verdict].words : STATES[photo.state]}${photo.error && !verdict ? `: ${photo.error.title}` : ""}`;
    bar.hidden = !busy;
    if (photo.state === "cutting") bar.removeAttribute("value");
    else bar.value = photo.share;
    mark.hidden = busy;
    mark.textContent = verdict ? VERDICTS[verdict].mark : "!";
    if (photo.layout && image.hidden) picture(photo.layout.url); // of a photo that this browser can’t read
  };
  photo.addEventListener("change", draw);
  draw();
}

export function markCurrent(current) {
  for (const [photo, item] of items) item.firstElementChild?.setAttribute("aria-current", String(photo === current));
  items.get(current)?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Removes it and gives the focus to the next. */
export function removeThumbnail(photo, next) {
  items.get(photo)?.remove();
  items.delete(photo);
  const button = next && items.get(next)?.firstElementChild;
  if (button instanceof HTMLElement) button.focus({ preventScroll: true });
}
