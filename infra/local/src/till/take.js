// What the till takes: the sale of a pump, or an amount of the shop.

import { alarm } from "./alarm.js";
import { amountOf, field, h, redraw } from "./dom.js";
import { busy, handle, submit } from "./jobs.js";
import { close, open, seen } from "./sale.js";
import { decimals, problem, state, watch } from "./state.js";
import { load } from "./terminal.js";
import { t } from "./text.js";

const amount = h("input", { inputmode: "decimal", autocomplete: "off", required: true, value: t("amountUsual") });
const position = h("select");
const description = h("input", { autocomplete: "off", maxlength: 150, placeholder: t("optional") });
const charge = h("button", { class: "button wide", value: "charge" }, t("charge"));
const tell = h("button", { class: "button quiet wide", value: "tell" }, t("onlyTell"));
const pump = field(t("pump"), position);

const kinds = ["pump", "shop"].map((name, index) => h("label", {},
  h("input", { type: "radio", name: "kind", value: name, checked: index === 0, onchange: draw }), h("span", {}, t(name))));

export const takeCard = h("form", { class: "card", onsubmit: send, "aria-label": t("take") }, h("h2", {}, t("take")),
  h("fieldset", { class: "segments", "aria-label": t("what") }, kinds),
  h("div", { class: "fields" }, pump, field(`${t("amount")} (${state.demo.currency})`, amount)),
  field(t("description"), description), charge, tell, alarm("take"));

const isPump = () => takeCard.elements.kind.value === "pump";
const words = () => (description.value.trim() ? { description: description.value.trim() } : {});

/** The station's own name for a sale: unique for ever. */
const newName = (kind) => `${kind}-${crypto.randomUUID().slice(0, 13)}`;

function send(event) {
  event.preventDefault();
  problem("take");
  const owed = amountOf(amount.value, decimals);
  const calls = [];
  let body;
  if (isPump()) {
    const sale_id = newName("pump");
    calls.push({ method: "POST", path: "/sales", body: { sale_id, position: position.value, amount: owed, ...words() } });
    body = { sale_id };
  } else {
    body = { sale_id: newName("shop"), amount: owed, ...words() };
  }
  if (event.submitter?.value !== "tell") calls.push(toTerminal(body));
  close();
  submit(state.station, "charge", calls, { sale_id: body.sale_id });
}

/** The call that sends a charge: its key is made once, for this press. */
function toTerminal(body) {
  return { method: "POST", path: `/terminals/${state.terminal.terminal}/charges`, body, key: crypto.randomUUID() };
}

/** Sends a sale that was told before to the chosen terminal, as a new charge. */
export function chargeAgain(sale_id) {
  problem("charge");
  submit(state.station, "charge", [toTerminal({ sale_id })], { sale_id, again: true });
}

handle("charge", {
  answered: (job, call, status, value) => {
    if (job.station !== state.station) return;
    if (call.path === "/sales") return open(value.sale_id, null, value);
    seen(value);
    open(value.sale_id, value.charge_id);
  },
  refused: (job, error) => {
    if (job.station !== state.station) return;
    problem(job.again ? "charge" : "take", error.message);
    if (job.again) open(job.sale_id);
    // Its mode may be another one, or a charge that nobody here sent holds it.
    load();
  },
});

function draw() {
  redraw(position, state.station, () => state.station.positions.map((one) => h("option", { value: one.position }, one.position)));
  const waits = busy(state.station, "charge");
  pump.hidden = tell.hidden = !isPump();
  charge.disabled = waits || !state.terminal;
  tell.disabled = waits;
}

watch(draw);
