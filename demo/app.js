// @ts-check
// The start of the page: it takes photos. The editor is loaded with the first one.
import { limited } from "./config.js";
import { $ } from "./dom.js";
import { start } from "./slider.js";

const loadEditor = async () => {
  try {
    return await import("./editor.js");
  } catch (error) {
    $("error-title").textContent = "The page did not load completely";
    $("error-text").textContent = "The connection broke. Load the page again.";
    for (const id of /** @type {const} */ (["again", "countdown"])) $(id).hidden = true;
    $("error").hidden = false;
    throw error;
  }
};

async function add(files, sample = false) {
  const list = [...files];
  if (list.length) (await loadEditor()).add(list, sample);
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

let depth = 0; // each element on the way sends its own enter and leave
const enter = (by) => {
  depth = Math.max(0, depth + by);
  $("drop").classList.toggle("shown", depth > 0);
};
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => holdsFiles(event) && enter(1));
addEventListener("dragleave", (event) => holdsFiles(event) && enter(-1));
addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
addEventListener("drop", (event) => {
  if (!event.dataTransfer || !holdsFiles(event)) return;
  event.preventDefault();
  enter(-depth);
  add(event.dataTransfer.files);
});

document.body.classList.toggle("limited", limited);
start();
