// The studio: the photos, the panel beside them, and what is taken away.
import { curl, python } from "./calls.js";
import { copy, download, finished } from "./finish.js";
import { Photo } from "./photo.js";
import { enqueue, mark } from "./queue.js";
import { behind, chosen, fields, keyOf } from "./settings.js";
import { show } from "./stage.js";

const $ = (id) => document.getElementById(id), panel = $("panel"), photos = [];
let current = null;

export function add(files) {
  const added = files.map((file) => new Photo(file));
  photos.push(...added);
  document.body.classList.add("working");
  for (const [id, hidden] of [["intro", true], ["panel", false], ["strip", false]]) $(id).hidden = hidden;
  $("all").hidden = photos.length < 2;
  for (const photo of added) {
    enqueue(photo, () => choose(photo));
    photo.addEventListener("change", () => changed(photo));
  }
  say(added.length === 1 ? `${added[0].name} added` : `${added.length} photos added`);
  for (const photo of added) photo.cut(fields());
  choose(added[0]);
}

function choose(photo) {
  current = photo;
  mark(photo);
  if (!photo.asks(fields())) photo.cut(fields());
  draw();
}

function changed(photo) {
  if (photo === current) draw();
  if (photo.state === "done") say(`${photo.name}: the car is cut out`);
  if (photo.state === "failed") say(`${photo.name}: ${photo.problem.title}. ${photo.problem.text}`);
}

function draw() {
  const asked = fields(), answer = current.answer(asked);
  show(current, answer);
  for (const button of panel.querySelectorAll("[data-take]:not(#all)")) button.disabled = !answer;
  $("facts").textContent = answer ? facts(answer) : "";
  const write = new FormData(panel).get("call") === "python" ? python : curl;
  $("call").textContent = write(current.file, asked, behind());
}

function facts({ width, height, milliseconds, confidence }) {
  const verdict = confidence < 0.5 ? "worth a second look" : "looks right";
  return `${width} × ${height} pixels · ${(milliseconds / 1000).toFixed(2)} s · ${verdict} (${Math.round(100 * confidence)} %)`;
}

const say = (text) => ($("status").textContent = text);

/* The panel. Only what the function itself must draw asks it again; what is behind the car is laid here. */

let last = keyOf(fields());

function panelChanged() {
  const form = new FormData(panel), key = keyOf(fields());
  for (const row of panel.querySelectorAll("[data-with]")) {
    const [, name, not, value] = /^(\w+)(?:(!?)=(\w+))?$/.exec(row.dataset.with);
    const holds = name === "logo" ? !!chosen.logo : value ? (form.get(name) === value) !== (not === "!") : form.get(name) !== null;
    row.hidden = !holds;
  }
  lay();
  if (!current) return;
  if (key !== last) photos.filter((photo) => photo === current || photo.state === "waiting").forEach((photo) => photo.cut(fields()));
  last = key;
  draw();
}

function lay() {
  const { kind, colour } = behind();
  $("frame").dataset.behind = kind;
  if (colour) $("frame").style.setProperty("--colour", colour);
  $("colour-swatch").style.setProperty("--colour", new FormData(panel).get("behind") === "colour" ? $("colour").value : "");
}

function pick(id, name, then) {
  $(id).addEventListener("change", (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    chosen[name] = file;
    then(file);
    panelChanged();
  });
}

pick("backdrop", "backdrop", (file) => {
  const url = `url("${URL.createObjectURL(file)}")`;
  $("backdrop-name").textContent = file.name;
  for (const id of ["frame", "picture-swatch"]) $(id).style.setProperty("--picture", url);
});
const labelLogo = () => {
  $("logo-label").textContent = chosen.logo ? "Another logo" : "Add a logo";
  $("logo-remove").hidden = !chosen.logo;
};
pick("logo", "logo", labelLogo);
$("logo-remove").addEventListener("click", () => {
  chosen.logo = null;
  labelLogo();
  $("logo").focus();
  panelChanged();
});

for (const place of ["top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"]) {
  const label = document.createElement("label"), input = document.createElement("input");
  Object.assign(input, { type: "radio", name: "place", value: place, ariaLabel: place.replace("-", " "), defaultChecked: place === "bottom-right" });
  label.append(input, document.createElement("span"));
  $("places").append(label);
}

panel.addEventListener("submit", (event) => event.preventDefault());
panel.addEventListener("change", panelChanged);
panel.addEventListener("input", (event) => {
  if (event.target.type === "range") event.target.nextElementSibling.value = `${event.target.value} %`;
  if (event.target.id === "colour") lay();
});
$("again").addEventListener("click", () => current.cut(fields()));
addEventListener("online", () => photos.filter((photo) => photo.problem?.again).forEach((photo) => photo.cut(fields())));

/* Taking away */

async function save(photo, format) {
  download(await finished(photo.answer(fields()), behind(), format), `${photo.stem}-cut.${format}`);
}

const takes = {
  png: () => save(current, "png"),
  webp: () => save(current, "webp"),
  jpg: () => save(current, "jpg"),
  copy: async () => {
    await copy(finished(current.answer(fields()), behind(), "png"));
    say("Copied");
  },
  all: async () => {
    for (const photo of photos) {
      await photo.cut(fields());
      if (photo.answer(fields())) await save(photo, "png");
    }
  },
};

panel.addEventListener("click", async (event) => {
  const take = event.target.dataset.take;
  if (!take) return;
  try {
    await takes[take]();
    flash(event.target, take === "copy" ? "Copied" : null);
  } catch (problem) {
    flash(event.target, problem.title ?? "Not allowed");
    say(problem.title ? `${problem.title}. ${problem.text}` : "The browser does not allow that");
  }
});
$("copy-call").addEventListener("click", async (event) => {
  await navigator.clipboard.writeText($("call").textContent);
  flash(event.target, "Copied");
  say("The call is copied");
});

/** Says something on a button for a moment. */
function flash(button, text) {
  if (!text || button.dataset.words) return;
  button.dataset.words = button.textContent;
  button.textContent = text;
  setTimeout(() => {
    button.textContent = button.dataset.words;
    delete button.dataset.words;
  }, 1600);
}

panelChanged();
