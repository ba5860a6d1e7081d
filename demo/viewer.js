// The photo before and after, and what is going on with it.
import { $ } from "./dom.js";
import { compare } from "./slider.js";
import { capital, VERDICTS } from "./words.js";
import { zoomTo } from "./zoom.js";

/** @import { Photo } from "./photo.js" */
/** @import { Result } from "./types" */

const REVEALED = 10; // percent that stay before
const hero = { before: [$("before").src, $("before").alt], after: [$("after").src, $("after").alt], width: 1200, height: 800 };

/** @type {Photo | null} */
let shown = null;
/** @type {Result | null} */
let drawn = null;

/** Shows a photo with its result, which may be missing yet. */
export async function show(photo, result) {
  if (shown !== photo) {
    shown = photo;
    drawn = null;
    zoomTo(0);
    compare(100);
    $("before").removeAttribute("src");
    $("after").removeAttribute("src");
    $("before").alt = $("after").alt = "";
  }
  status(photo);
  const [width, height] = await photo.measured;
  if (shown !== photo) return;
  if (width && !$("before").src) [$("before").src, $("before").alt] = [photo.url, `${photo.name} as it was taken`];
  if (result) draw(photo, result, width > 0);
  else if (!drawn) {
    resize({ width: width || 3, height: height || 2 });
    align(null, null);
    $("view").classList.toggle("alone", !width);
    $("compare").disabled = true;
  }
  $("zoom").hidden = !drawn;
}

/** Shows the page's own picture again. */
export function showHero() {
  shown = drawn = null;
  zoomTo(0);
  [$("before").src, $("before").alt] = hero.before;
  [$("after").src, $("after").alt] = hero.after;
  resize(hero);
  align(null, null);
  $("view").classList.remove("alone");
  $("compare").disabled = false;
  $("error").hidden = true;
  compare(46);
}

/** @param {boolean} readable by this browser */
function draw(photo, result, readable) {
  const first = !drawn;
  if (drawn !== result) [$("after").src, $("after").alt] = [result.url, `The car of ${photo.name} without its background`];
  drawn = result;
  resize(result);
  const aligned = align(photo.layout, result), comparable = readable && aligned;
  $("compare").disabled = !comparable;
  $("view").classList.toggle("alone", !comparable);
  if (first && comparable) reveal(result);
}

function resize({ width, height }) {
  $("view").style.setProperty("--w", String(width));
  $("view").style.setProperty("--h", String(height));
}

/** Lays the photo so that its car lies under that of the result. False where the car's place in the photo is not known. */
function align(photo, result) {
  const style = $("before").style;
  if (!photo || !result) {
    for (const side of ["left", "top", "width", "height"]) style.removeProperty(`--${side}`);
    return false;
  }
  const [x, y] = [result.car.width / photo.car.width, result.car.height / photo.car.height];
  const place = { left: (result.car.left - photo.car.left * x) / result.width, top: (result.car.top - photo.car.top * y) / result.height,
                  width: (photo.width * x) / result.width, height: (photo.height * y) / result.height };
  for (const [side, share] of Object.entries(place)) style.setProperty(`--${side}`, `${100 * share}%`);
  return true;
}

async function reveal(result) {
  await $("after").decode().catch(() => {});
  if (drawn === result) compare(REVEALED, true); // else another photo has come
}

function status({ state, share, error, verdict }) {
  const busy = { waiting: "Waiting for its turn", sending: `Sending, ${Math.round(100 * share)} %`, cutting: "Cutting out the car", done: "", failed: "" }[state];
  $("progress").hidden = !busy;
  $("progress-text").textContent = busy;
  if (state === "sending") $("progress-bar").value = share;
  else $("progress-bar").removeAttribute("value");
  $("verdict").hidden = !verdict;
  if (verdict) {
    const { words, mark } = VERDICTS[verdict];
    $("verdict").className = `verdict ${verdict}`;
    $("verdict").textContent = `${mark} ${capital(words)}`;
  }
  $("error").hidden = !error;
  $("error").className = `error ${verdict ?? "failed"}`;
  const home = error?.needsKey ? $("error") : $("side"), form = $("key-form");
  if (form.parentElement !== home) home.append(form);
  if (!error) return;
  $("error-title").textContent = error.title;
  $("error-text").textContent = error.text;
  $("again").hidden = !error.retry || error.until > Date.now();
  countDown();
}

function countDown() {
  const seconds = Math.ceil(((shown?.error?.until ?? 0) - Date.now()) / 1000);
  $("countdown").hidden = seconds <= 0;
  $("countdown").textContent = new Date(1000 * Math.max(0, seconds)).toISOString().slice(seconds < 3600 ? 14 : 11, 19);
}
setInterval(() => $("error").hidden || countDown(), 1000);
