// The visitor's API key. It stays in memory, is sent as a header, and ends with the page.
import { limited } from "./config.js";

export const HEADER = "X-Api-Key";
let key = "";

export const apiKey = () => key;

/** Whether only previews may be asked for. */
export const previewOnly = () => limited && !key;

/** Asks the function whether it knows the key, and keeps it if so. Rejects where there is no answer. */
export async function useKey(text) {
  const answer = await fetch("v1.0/account", { headers: { [HEADER]: text } });
  if (!answer.ok) return false;
  key = text;
  return true;
}

export const forgetKey = () => void (key = "");
