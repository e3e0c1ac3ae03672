// What the station must do: polled, which is also its sign of life, and acknowledged.

import { alarm } from "./alarm.js";
import { get } from "./api.js";
import { chip, clock, h, money, redraw } from "./dom.js";
import { handle, submit } from "./jobs.js";
import { heard, missed, open, refresh } from "./sale.js";
import { changed, keep, kept, problem, state, watch } from "./state.js";
import { t } from "./text.js";

const results = ["done", "already_done", "paid_elsewhere", "unknown"];
const auto = h("input", { type: "checkbox", role: "switch", onchange: () => { keep("auto", auto.checked); settle(); } });
const list = h("ul", { class: "commands", "aria-live": "polite" });
const done = h("ul", { class: "rows muted" });
// Commands that were acknowledged here: the list may still have them for a moment.
const given = new Set();
// Those that the API did not let be acknowledged wait for a person.
const refusals = new Set();

export const commandsCard = h("section", { class: "card", "aria-label": t("commands") },
  h("div", { class: "headline" }, h("h2", {}, t("commands")), h("label", { class: "toggle" }, auto, h("span", {}, t("autoAck")))), list, alarm("commands"), done);

/** Asks for the commands. One that is new tells that a sale changed. */
export async function pollCommands() {
  const asked = state.station;
  try {
    const { items } = await get(asked, "/commands");
    if (asked !== state.station) return;
    heard();
    const fresh = items.filter((one) => !state.commands.some((known) => known.id === one.id));
    state.commands = items;
    changed();
    settle();
    if (fresh.some((one) => one.sale_id === state.sale?.sale_id)) await refresh();
  } catch (error) {
    if (asked === state.station) missed(error);
  }
}

/** The newest first: it is of the car that stands there. */
const waiting = () => state.commands.filter((one) => !given.has(one.id)).sort((a, b) => b.created_at.localeCompare(a.created_at));

function settle() {
  if (auto.checked) for (const one of waiting().filter((one) => !refusals.has(one.id))) acknowledge(one, "done");
}

function acknowledge(command, result) {
  problem("commands");
  given.add(command.id);
  submit(state.station, "ack", [{ method: "POST", path: `/commands/${command.id}/ack`, body: { result } }], { command });
}

handle("ack", {
  answered: (job, call, status, value) => {
    if (job.station !== state.station || !job.command) return;
    state.done = [{ ...job.command, result: value.result, at: Date.now() }, ...state.done].slice(0, 5);
    if (job.command.sale_id === state.sale?.sale_id) refresh();
    changed();
  },
  refused: (job, error) => {
    refusals.add(job.command?.id);
    given.delete(job.command?.id);
    if (job.station === state.station) problem("commands", error.message);
  },
  stopped: (job) => given.delete(job.command?.id),
});

const tones = { paid: "good", refunded: "warn", withdrawn: "bad" };

function item(command) {
  const result = h("select", { "aria-label": t("result") }, results.map((name) => h("option", { value: name }, name)));
  return h("li", { class: `tone ${tones[command.kind] ?? "warn"}` },
    h("p", {}, chip(command.kind, tones[command.kind] ?? "warn"), h("strong", {}, `${command.position} · ${money(command.amount, command.currency)}`), " ", t(`command_${command.kind}`)),
    h("p", { class: "actions" },
      h("button", { type: "button", class: "button", "data-name": command.id, onclick: () => acknowledge(command, result.value) }, t("acknowledge")), result,
      h("button", { type: "button", class: "button link", onclick: () => open(command.sale_id) }, t("showSale"))));
}

function draw() {
  auto.checked = kept("auto", false);
  redraw(list, [state.station.station, waiting().map((one) => one.id)], () => (waiting().length ? waiting().map(item) : [h("li", { class: "muted" }, t("noCommands"))]));
  redraw(done, state.done.map((one) => one.id), () => state.done.map((one) => h("li", {}, h("span", { class: "time" }, clock(one.at)), chip(one.kind, tones[one.kind] ?? "warn"), h("span", {}, `${one.position} · ${money(one.amount, one.currency)}`), h("small", {}, one.result))));
}

watch(draw);
