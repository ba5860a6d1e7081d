// The stage: one photo, before and after, or what is going on with it.
import { compare } from "./app.js";
import { zoomTo } from "./zoom.js";

const $ = (id) => document.getElementById(id);
const REVEALED = 10; // percent that stay before
const DOING = { waiting: () => "Waiting its turn", sending: (photo) => `Sending, ${Math.round(100 * photo.share)} %`, cutting: () => "Cutting out the car" };

let shown = null, answered = null;

/** Shows a photo with its answer, which may be none yet, or the last one while the next is on its way. */
export async function show(photo, answer) {
  if (shown !== photo) {
    shown = photo;
    answered = null;
    zoomTo(0);
    $("before").src = photo.url;
    $("before").alt = `${photo.name} as it was taken`;
    $("after").removeAttribute("src");
    $("after").alt = "";
  }
  status(photo);
  const [width, height] = await photo.measured;
  if (shown !== photo) return;
  if (answer) settle(photo, answer, width > 0);
  else if (!answered) {
    size(width || 3, height || 2);
    align(null);
    $("view").classList.toggle("alone", !width);
    $("compare").disabled = true;
    $("frame").style.setProperty("--at", "100%");
  }
  $("zoom").hidden = !answered;
}

function settle(photo, answer, readable) {
  const first = !answered;
  if (answered !== answer) {
    $("after").src = answer.url;
    $("after").alt = `The car of ${photo.name}, its background gone`;
  }
  answered = answer;
  size(answer.width, answer.height);
  const fits = align(photo.plain && { from: photo.plain, to: answer });
  $("compare").disabled = !(readable && fits);
  $("view").classList.toggle("alone", $("compare").disabled);
  if (first && !$("compare").disabled) reveal();
}

function size(width, height) {
  $("view").style.setProperty("--w", width);
  $("view").style.setProperty("--h", height);
}

/** Lays the photo so that its car lies under the answer's, which may be cropped. False where nothing tells how. */
function align(pair) {
  const style = $("before").style;
  if (!pair) {
    for (const side of ["left", "top", "width", "height"]) style.removeProperty(`--${side}`);
    return false;
  }
  const { from, to } = pair, [x, y] = [to.car.width / from.car.width, to.car.height / from.car.height];
  const place = { left: (to.car.left - from.car.left * x) / to.width, top: (to.car.top - from.car.top * y) / to.height,
                  width: (from.width * x) / to.width, height: (from.height * y) / to.height };
  for (const [side, share] of Object.entries(place)) style.setProperty(`--${side}`, `${100 * share}%`);
  return true;
}

async function reveal() {
  await $("after").decode().catch(() => {});
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return compare(REVEALED);
  const began = performance.now();
  const step = (time) => {
    const way = Math.min(1, Math.max(0, time - began) / 900);
    compare(100 - (100 - REVEALED) * (1 - (1 - way) ** 3));
    if (way < 1 && !pulled) requestAnimationFrame(step);
  };
  let pulled = false;
  $("frame").addEventListener("pointerdown", () => (pulled = true), { once: true });
  $("compare").addEventListener("input", () => (pulled = true), { once: true });
  requestAnimationFrame(step);
}

function status(photo) {
  const doing = DOING[photo.state]?.(photo);
  $("progress").hidden = !doing;
  if (doing) $("progress-text").textContent = doing;
  if (photo.state === "sending") $("progress-bar").value = photo.share;
  else $("progress-bar").removeAttribute("value");
  document.body.classList.toggle("failed", photo.state === "failed");
  $("trouble").hidden = !photo.problem;
  if (photo.problem) {
    $("trouble-title").textContent = photo.problem.title;
    $("trouble-text").textContent = photo.problem.text;
    $("again").hidden = !photo.problem.again;
  }
}
