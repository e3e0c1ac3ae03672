// What went wrong in a part of the page, said where it was asked for.

import { h } from "./dom.js";
import { state, watch } from "./state.js";

/** The place of a part's problem. */
export function alarm(where) {
  const element = h("p", { class: "problem", role: "alert", hidden: true });
  watch(() => {
    const text = state.problems[where] ?? "";
    element.hidden = !text;
    if (element.textContent !== text) element.textContent = text;
  });
  return element;
}
