// One call of the function. XMLHttpRequest, because fetch does not tell how much of a photo has been sent.
import { apiKey, HEADER, previewOnly } from "./apikey.js";
import { errorOf, unreachable } from "./errors.js";

/**
 * Posts a form and resolves with the cut-out. Rejects with a RequestError, or with an AbortError.
 * @param {(share: number) => void} progress hears the share sent, 0 to 1
 * @returns {Promise<import("./types").Result>}
 */
export function post(parameters, progress, signal) {
  const form = new FormData();
  for (const [name, value] of parameters) value instanceof Blob ? form.append(name, value, value instanceof File ? value.name : "photo") : form.append(name, value);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", previewOnly() ? "try" : "./");
    request.responseType = "blob";
    request.setRequestHeader("Accept", "image/*");
    if (apiKey()) request.setRequestHeader(HEADER, apiKey());
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.upload.onload = () => progress(1);
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException("The photo was removed", "AbortError"));
    request.onload = async () => {
      const header = (name) => request.getResponseHeader(name);
      if (request.status === 200) return resolve(resultOf(request.response, header));
      const { code, detail } = await problemOf(request.response);
      reject(errorOf(request.status, code, detail, header));
    };
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

/** @returns {Promise<{ code?: string, detail?: string }>} */
async function problemOf(blob) {
  try {
    return JSON.parse(await blob.text()).errors[0];
  } catch {
    return {}; // the page of a proxy instead of the function's own words
  }
}

function resultOf(blob, header) {
  const number = (name) => Number(header(`X-${name}`));
  const stages = [...(header("Server-Timing") ?? "").matchAll(/(\w+);dur=([\d.]+)/g)].map(([, stage, time]) => (["receive", "wait"].includes(stage) ? 0 : Number(time)));
  const car = { left: number("Foreground-Left"), top: number("Foreground-Top"), width: number("Foreground-Width"), height: number("Foreground-Height") };
  return {
    blob, url: URL.createObjectURL(blob), width: number("Width"), height: number("Height"), car, confidence: number("Confidence"),
    kind: header("X-Kind") ?? "", view: header("X-View"), flags: header("X-Flags")?.match(/\w+/g) ?? [], advice: /** @type {"look" | "retake" | null} */ (header("X-Advice")),
    milliseconds: stages.reduce((sum, stage) => sum + stage, 0),
  };
}
