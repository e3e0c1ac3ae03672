// Which station and terminal this till has, and whether they are set up.

import { alarm } from "./alarm.js";
import { Refused, Unanswered, get } from "./api.js";
import { button, chip, field, h, redraw } from "./dom.js";
import { busy, handle, submit } from "./jobs.js";
import { changed, keep, kept, problem, state, watch } from "./state.js";
import { open } from "./sale.js";
import { t } from "./text.js";

const station = h("select", { onchange: () => choose(station.value) },
  state.demo.stations.map((one) => h("option", { value: one.station }, `${one.station} · ${one.name}`)));
const terminal = h("select", { onchange: () => take(terminal.value) });
const mode = h("div", { class: "actions" });
const check = h("details", { class: "check" });
const checked = { summary: h("summary"), list: h("ul") };
check.append(checked.summary, checked.list);

export const terminalCard = h("section", { class: "card" }, h("h2", {}, t("terminal")),
  h("div", { class: "fields stacked" }, field(t("station"), station), field(t("terminal"), terminal)), mode, alarm("terminal"), check);

/** Works for another station from now on. */
export function choose(id) {
  const found = state.demo.stations.find((one) => one.station === id) ?? state.demo.stations[0];
  Object.assign(state, { station: found, terminals: null, terminal: null, check: null, sale: null, charge: null, refund: null, commands: [], done: [], problems: {} });
  station.value = found.station;
  address();
  changed();
  const last = kept("sale", null);
  if (last) open(last);
  return load();
}

/** The address names station and terminal, so that two windows may be two tills. */
function address() {
  const query = new URLSearchParams({ station: state.station.station });
  if (state.terminal) query.set("terminal", state.terminal.terminal);
  history.replaceState(null, "", `?${query}`);
}

function take(id) {
  state.terminal = state.terminals.find((one) => one.terminal === id) ?? null;
  state.check = null;
  keep("terminal", id);
  address();
  changed();
  return look();
}

/** Asks for the terminals, and what is wrong with the chosen one. */
export async function load() {
  const asked = state.station;
  try {
    const { items } = await get(asked, "/terminals");
    if (asked !== state.station) return;
    const wanted = state.terminal?.terminal ?? new URLSearchParams(location.search).get("terminal") ?? kept("terminal", null);
    state.terminals = items;
    state.terminal = items.find((one) => one.terminal === wanted) ?? items[0] ?? null;
    address();
    problem("terminal");
    await look();
  } catch (error) {
    failed(asked, error);
  }
}

/** Asks for the set-up check of the chosen terminal. */
export async function look() {
  const [asked, chosen] = [state.station, state.terminal];
  if (!chosen) return;
  try {
    const found = await get(asked, `/terminals/${chosen.terminal}/check`);
    if (chosen.terminal !== state.terminal?.terminal) return;
    state.check = found;
    changed();
  } catch (error) {
    failed(asked, error);
  }
}

function failed(asked, error) {
  if (!(error instanceof Refused || error instanceof Unanswered)) throw error;
  if (asked === state.station) problem("terminal", error.message || t("noAnswerLead"));
}

function setMode(operating_mode) {
  problem("terminal");
  submit(state.station, "mode", [{ method: "PUT", path: `/terminals/${state.terminal.terminal}/mode`, body: { operating_mode } }]);
}

handle("mode", {
  answered: () => load(),
  refused: (job, error) => failed(job.station, error),
});

async function last() {
  const asked = state.station;
  try {
    const charge = await get(asked, `/charges/${state.terminal.last_charge}`);
    if (asked === state.station) open(charge.sale_id, charge.charge_id);
  } catch (error) {
    failed(asked, error);
  }
}

const label = (one) => [one.serial_number, one.till && `${t("tillOf")} ${one.till}`, one.position && `${t("pump")} ${one.position}`, !one.linked && t("unlinked")].filter(Boolean).join(" · ");
const marks = { ok: "✓", wrong: "✗", unknown: "?" };

function draw() {
  const { terminals, terminal: chosen, check: found } = state;
  redraw(terminal, [terminals, chosen?.terminal], () => (terminals?.length ? terminals : []).map((one) => h("option", { value: one.terminal, selected: one.terminal === chosen?.terminal }, label(one))));
  const waits = busy(state.station, "mode");
  redraw(mode, [terminals, chosen, waits], () => [
    terminals?.length === 0 && h("p", { class: "muted" }, t("noTerminals")),
    chosen && [
      chip(chosen.operating_mode, chosen.operating_mode === "PDV" ? "good" : "warn"),
      chosen.operating_mode === "PDV" ? button("setStandalone", () => setMode("STANDALONE"), "quiet", !waits) : button("setPdv", () => setMode("PDV"), "", !waits),
      h("a", { class: "button quiet", "data-name": "open", href: `${state.demo.mercado_pago}/terminal/${encodeURIComponent(chosen.terminal)}`, target: "surtidor-terminal" }, t("openTerminal")),
      chosen.last_charge && button("lastCharge", last, "link"),
    ],
    button("refresh", load, "link"),
  ]);
  check.hidden = !found;
  if (!found) return;
  const wrong = found.checks.filter((one) => one.result === "wrong").length;
  redraw(checked.summary, [found.ready, wrong], () => [h("span", {}, t("setUp")), " ", found.ready ? chip(t("ready"), "good") : chip(`${wrong} ${t("wrong")}`, "bad")]);
  redraw(checked.list, found, () => {
    check.open = !found.ready;
    return found.checks.map((one) => h("li", { class: one.result },
      h("span", { class: "mark", "aria-hidden": "true" }, marks[one.result] ?? "?"),
      h("span", {}, h("strong", {}, t(`check_${one.check}`)), " ", h("small", {}, `${one.result} · ${one.code}`), h("br"), one.detail)));
  });
}

watch(draw);
// Whoever comes back from the terminal's window may have changed it there.
addEventListener("focus", load);
