// The editor: the photos, the one that is shown, and what is done with them.
import { announce, $ } from "./dom.js";
import { copy, download, downloadAll } from "./download.js";
import { RequestError } from "./errors.js";
import { background, keyOf, parameters } from "./options.js";
import { lay, start } from "./panel.js";
import { Photo } from "./photo.js";
import { curl, python } from "./snippets.js";
import { addThumbnail, markCurrent, removeThumbnail } from "./strip.js";
import { show, showHero } from "./viewer.js";
import { shown, VERDICTS } from "./words.js";

/** @import { Format } from "./types" */

/** @type {Photo[]} */
const photos = [];
/** @type {Photo | null} */
let current = null;
let last = keyOf(parameters());
let timer = 0; // until a rate limit ends

export function add(files, sample) {
  const added = files.map((file) => new Photo(file, sample));
  photos.push(...added);
  for (const photo of added) {
    addThumbnail(photo, () => choose(photo), () => remove(photo));
    photo.addEventListener("change", () => changed(photo));
  }
  arrange();
  announce(added.length === 1 ? `${added[0].name} added` : `${added.length} photos added`);
  for (const photo of added) photo.request(parameters());
  choose(added[0]);
}

function remove(photo) {
  const place = photos.indexOf(photo);
  photos.splice(place, 1);
  photo.remove();
  const next = photos[place] ?? photos[place - 1];
  removeThumbnail(photo, next);
  announce(`${photo.name} removed`);
  arrange();
  if (photo === current && next) choose(next);
}

/** Shows the editor, or the introduction where there is no photo. */
function arrange() {
  const some = photos.length > 0;
  document.body.classList.toggle("working", some);
  $("all").hidden = photos.filter((photo) => !photo.sample).length < 2;
  if (some) return lay();
  current = null;
  $("frame").dataset.background = "showroom";
  showHero();
  $("chooser").focus();
}

function choose(photo) {
  current = photo;
  markCurrent(photo);
  if (!photo.wants(parameters())) photo.request(parameters());
  draw(photo);
}

function changed(photo) {
  const { error, name, verdict } = photo;
  if (photo === current) draw(photo);
  if (error) announce(`${name}: ${error.title}. ${error.text}`);
  else if (verdict) announce(`${name}: ${VERDICTS[verdict].words}`);
  if (!error?.until) return;
  clearTimeout(timer);
  timer = setTimeout(retry, error.until - Date.now() + 1000);
}

function draw(photo) {
  const wanted = parameters(), result = photo.result(wanted);
  show(photo, result);
  for (const button of $("toolbar").querySelectorAll("button")) if (button.dataset.take) button.disabled = !result;
  $("shown").textContent = result ? shown(result) : "";
  $("facts").textContent = result
    ? `${result.width} × ${result.height} pixels · ${(result.milliseconds / 1000).toFixed(2)} s${result.advice === "retake" ? "" : ` · ${Math.round(100 * result.confidence)} % likely to need no retouching`}` : "";
  const snippet = new FormData($("panel")).get("language") === "python" ? python : curl;
  $("code").textContent = snippet(photo, wanted, background());
}

/** Only what the function draws needs another request; the background is laid in the page. */
function optionsChanged() {
  if (!current) return;
  const key = keyOf(parameters());
  if (key !== last) for (const photo of photos) if (photo === current || photo.state === "waiting" || photo.error?.needsKey) photo.request(parameters());
  last = key;
  draw(current);
}

const retry = () => photos.filter((photo) => photo.error?.retry).forEach((photo) => photo.request(parameters()));
addEventListener("online", retry);
$("again").addEventListener("click", () => current?.request(parameters()));

document.body.addEventListener("click", async ({ target }) => {
  const take = target instanceof HTMLButtonElement && target.dataset.take;
  if (!take || !current) return;
  try {
    if (take === "all") flash(target, await takeAll(target));
    else if (take === "copy" || take === "call") {
      await (take === "copy" ? copy(current) : navigator.clipboard.writeText($("code").textContent ?? ""));
      flash(target, "Copied");
    } else await download(current, /** @type {Format} */ (take));
  } catch (error) {
    const known = error instanceof RequestError;
    flash(target, known ? error.title : "Not possible", known && error.text);
    if (!known && !(error instanceof DOMException)) throw error;
  }
});

async function takeAll(button) {
  const own = photos.filter((photo) => !photo.sample), words = button.textContent;
  $("side").inert = true; // one set of options
  button.disabled = true;
  try {
    const count = await downloadAll(own, (done) => (button.textContent = `${done + 1} of ${own.length}`));
    return `${count} of ${own.length} saved`;
  } finally {
    button.textContent = words;
    button.disabled = false;
    $("side").inert = false;
  }
}

/** Says something on a button for a moment; more is for a screen reader alone. */
function flash(button, text, more = "") {
  announce(more ? `${text}. ${more}` : text);
  if (button.dataset.words) return;
  button.dataset.words = button.textContent ?? "";
  button.textContent = text;
  setTimeout(() => {
    button.textContent = button.dataset.words ?? "";
    delete button.dataset.words;
  }, 1600);
}

start(optionsChanged);
