// The panel: which rows are shown, pictures that are chosen, and the background behind the car.
import { apiKey, forgetKey, useKey } from "./apikey.js";
import { announce, $ } from "./dom.js";
import { background, chosen } from "./options.js";

const panel = $("panel");
let changed = () => {};
let backdropUrl = "";

/** Calls `listener` when options may have changed. */
export function start(listener) {
  changed = listener;
  refresh();
}

function refresh() {
  const form = new FormData(panel);
  for (const row of panel.querySelectorAll("[data-with]")) {
    const [name, value] = (row.getAttribute("data-with") ?? "").split("=");
    const shown = name === "logo" ? chosen.logo : value ? form.get(name) === value : form.has(name);
    if (row instanceof HTMLElement) row.hidden = !shown;
  }
  $("logo-label").textContent = chosen.logo ? "Another logo" : "Add a logo";
  $("logo-remove").hidden = !chosen.logo;
  $("stage").classList.toggle("marked", !!chosen.logo);
  lay();
  changed();
}

/** Lays the background behind the car. */
export function lay() {
  const chosenOne = background();
  $("frame").dataset.background = chosenOne.kind;
  if (chosenOne.kind === "colour") $("frame").style.setProperty("--colour", chosenOne.colour);
  $("colour-swatch").style.setProperty("--colour", new FormData(panel).get("background") === "colour" ? $("colour").value : "");
}

for (const name of /** @type {const} */ (["backdrop", "logo"])) {
  $(name).addEventListener("change", async () => {
    const file = $(name).files?.[0];
    $(name).value = "";
    if (!file) return;
    if (name === "backdrop" && !(await shows(file))) return void ($("backdrop-name").textContent = `${file.name} can’t be read: use JPEG, PNG or WebP`);
    chosen[name] = file;
    if (name === "backdrop") showBackdrop(file);
    refresh();
  });
}

/** Whether the browser can draw it: the function reads more kinds of pictures. */
const shows = (file) => createImageBitmap(file).then((picture) => (picture.close(), true), () => false);

function showBackdrop(file) {
  URL.revokeObjectURL(backdropUrl);
  backdropUrl = URL.createObjectURL(file);
  $("backdrop-name").textContent = file.name;
  for (const id of /** @type {const} */ (["frame", "picture-swatch"])) $(id).style.setProperty("--picture", `url("${backdropUrl}")`);
}

$("logo-remove").addEventListener("click", () => {
  chosen.logo = null;
  $("logo").focus();
  refresh();
});

const places = ["top", "", "bottom"].flatMap((row) => ["left", "", "right"].map((column) => [row, column].filter(Boolean).join("-") || "center"));
for (const place of places) {
  const label = document.createElement("label"), input = document.createElement("input");
  Object.assign(input, { type: "radio", name: "place", value: place, ariaLabel: place.replace("-", " "), defaultChecked: place === "bottom-right" });
  label.append(input, document.createElement("span"));
  $("places").append(label);
}

panel.addEventListener("submit", (event) => event.preventDefault());
panel.addEventListener("change", refresh);
panel.addEventListener("input", ({ target }) => {
  if (!(target instanceof HTMLInputElement)) return;
  if (target.type === "range" && target.nextElementSibling instanceof HTMLOutputElement) target.nextElementSibling.value = `${target.value} %`;
  if (target === $("colour")) lay();
});

$("key").addEventListener("input", () => ($("key-answer").value = ""));
$("key-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!$("key").value) return;
  $("key-answer").value = await useKey($("key").value).then((known) => (known ? "" : "This key isn’t valid."), () => "No answer. Try again.");
  if (apiKey()) $("key").value = "";
  keyChanged();
});
$("key-forget").addEventListener("click", () => {
  forgetKey();
  keyChanged();
});

function keyChanged() {
  document.body.classList.toggle("keyed", !!apiKey());
  if (apiKey()) announce("The API key is in use");
  refresh();
}
