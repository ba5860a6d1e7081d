// The start of the page: it takes photos. The editor is loaded with the first one.
import { limited } from "./config.js";
import { $ } from "./dom.js";
import { start } from "./slider.js";

function tell(title, text) {
  $("error-title").textContent = title;
  $("error-text").textContent = text;
  $("again").hidden = $("countdown").hidden = true;
  $("error").hidden = false;
}

const loadEditor = async () => {
  try {
    return await import("./editor.js");
  } catch (error) {
    tell("The page did not load completely", "The connection broke. Load the page again.");
    throw error;
  }
};

async function add(files, sample = false) {
  const list = [...files];
  if (list.length) (await loadEditor()).add(list, sample);
}

/** Files, or what folders hold. Entries are there only while the event is handled. */
async function addDropped({ items, files }) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return add(files);
  const found = await import("./folders.js").then(({ photosOf }) => photosOf(entries)).catch(() => null);
  if (found?.length) return add(found);
  if (found) tell("No photos in this folder", "It holds no JPEG, PNG, WebP, HEIC or AVIF files.");
  else tell("This folder can’t be read", "Drop its photos instead, or load the page again.");
}

async function addSample(number) {
  const name = `sample-${number}.webp`, answer = await fetch(`demo/${name}`);
  await add([new File([await answer.blob()], name, { type: "image/webp" })], true);
}

for (const input of [$("chooser"), $("camera")]) {
  input.addEventListener("click", loadEditor, { once: true }); // while the visitor chooses
  input.addEventListener("change", () => {
    add(input.files ?? []);
    input.value = "";
  });
}
$("add").addEventListener("click", () => $("chooser").click());
for (const button of document.querySelectorAll("button")) if (button.dataset.sample) button.addEventListener("click", () => addSample(button.dataset.sample));
addEventListener("paste", (event) => void add(event.clipboardData?.files ?? []));

const over = (shown) => $("drop").classList.toggle("shown", shown);
addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  over(true);
});
addEventListener("dragleave", (event) => event.relatedTarget || over(false));
addEventListener("drop", (event) => {
  over(false);
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  addDropped(event.dataTransfer);
});

document.body.classList.toggle("limited", limited);
start();
