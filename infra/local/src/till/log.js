// The calls that were made, newest first. A poll that says the same again is counted, not listed again.

import { clock, h } from "./dom.js";
import { t } from "./text.js";

const LONGEST = 200;

const list = h("ol", { class: "log" });
const rows = [];

export const log = h("section", { class: "card", id: "log" },
  h("div", { class: "headline" }, h("h2", {}, t("log")), h("button", { type: "button", class: "button link", onclick: clear }, t("clear"))),
  h("p", { class: "muted small" }, t("logLead")), list);

function clear() {
  rows.length = 0;
  list.replaceChildren();
}

/** A row is written once, and its details when somebody opens it. */
function row(entry) {
  const made = { entry, count: 1 };
  const time = h("span", { class: "time" });
  const status = h("span", {});
  const count = h("span", { class: "muted count" });
  const more = h("pre", { tabindex: "0", "aria-label": t("details") });
  const details = h("details", { ontoggle: () => made.write() },
    h("summary", {}, time, h("span", { class: "method" }, entry.method), h("span", { class: "path" }, entry.url), count, status), more);
  made.element = h("li", {}, details);
  made.write = () => {
    const { at, status: code, key, body, answer } = made.entry;
    time.textContent = clock(at);
    count.textContent = made.count > 1 ? `×${made.count}` : "";
    status.textContent = code ?? t("noAnswer");
    status.className = `chip ${code === null || code >= 500 ? "bad" : code >= 400 ? "warn" : "good"}`;
    if (!details.open) return;
    const asked = [key && `Idempotency-Key: ${key}`, body !== undefined && JSON.stringify(body, null, 2)].filter(Boolean);
    const text = [...asked, asked.length ? "→" : "", answer === null ? "" : JSON.stringify(answer, null, 2)].filter(Boolean).join("\n");
    if (more.textContent !== text) more.textContent = text;
  };
  made.write();
  return made;
}

/** Takes a call into the log. */
export function note(entry) {
  const same = (one) => one.entry.method === entry.method && one.entry.url === entry.url && one.entry.status === entry.status;
  // Polls since the last call that meant something.
  const end = rows.findIndex((one) => one.entry.method !== "GET");
  const poll = entry.method === "GET" && rows.slice(0, end < 0 ? undefined : end).find(same);
  if (poll) {
    poll.entry = entry;
    poll.count += 1;
    poll.write();
    return;
  }
  const made = row(entry);
  rows.unshift(made);
  list.prepend(made.element);
  for (const old of rows.splice(LONGEST)) old.element.remove();
}
