// A Point Smart: what it shows, and what a person does with it.

import { bar, call, clock, h, icon, money } from "./dom.js";
import { t } from "./text.js";

bar("terminal");
document.title = `${t("terminal")} · Mercado Pago ${t("simulated")}`;

const drawings = {
  idle: "M4 6h16v12H4zM4 10h16M8 15h3",
  waiting: "M8 7a7 7 0 0 1 0 10M12 5a10 10 0 0 1 0 14M16 3a14 14 0 0 1 0 18M4 9a4 4 0 0 1 0 6",
  processing: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5V12l3 2",
  approved: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12.5l3 3 5.5-6",
  rejected: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9 9l6 6M15 9l-6 6",
  canceled: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM6 6l12 12",
  offline: "M3 8.5a14 14 0 0 1 18 0M6 12a9.5 9.5 0 0 1 12 0M9 15.5a5 5 0 0 1 6 0M12 19h.01M4 3l16 18",
  standalone: "M7 3h10v18H7zM10 7h4M10 11h.01M14 11h.01M10 14h.01M14 14h.01M10 17h4",
  stuck: "M12 8v5M12 16.5h.01M12 3l9.5 17h-19z",
};

const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const main = document.querySelector("main");
const problem = h("p", { class: "problem", role: "alert", hidden: true });

async function act(work) {
  try {
    await work();
    problem.hidden = true;
  } catch (error) {
    problem.textContent = error instanceof TypeError ? t("offline") : error.message;
    problem.hidden = false;
  }
}

const path = (name) => `/terminal/${encodeURIComponent(name)}`;

// The list of all terminals, and how to add one.

async function list() {
  const [terminals, points, accounts] = await Promise.all([call("GET", "/terminals"), call("GET", "/pos"), call("GET", "/accounts")]);
  const serial = h("input", { name: "serial", value: `N950NCB${801293324 + terminals.length}`, required: true, pattern: "[A-Za-z0-9]+", autocomplete: "off" });
  const place = h("select", { name: "place" },
    points.map((pos) => h("option", { value: JSON.stringify({ account: pos.account, pos: String(pos.id) }) }, `${pos.name} · ${pos.seller ?? pos.account}`)),
    accounts.map((one) => h("option", { value: JSON.stringify({ account: one.collector_id }) }, `${one.nickname} · ${t("noPos")}`)));
  const add = (event) => {
    event.preventDefault();
    act(async () => {
      await call("POST", "/terminals", { id: `NEWLAND_N950__${serial.value.trim()}`, operating_mode: "PDV", ...JSON.parse(place.value) });
      await list();
    });
  };
  main.replaceChildren(
    h("h1", {}, t("terminalsTitle")),
    h("p", { class: "lead" }, t("terminalsLead")),
    problem,
    terminals.length
      ? h("ul", { class: "grid terminals" }, terminals.map((one) => h("li", {}, h("a", { class: "card pick", href: path(one.id) },
        icon(drawings[one.screen]),
        h("span", {}, h("strong", {}, one.id.split("__")[1]), h("small", {}, [one.external_pos_id, one.seller].filter(Boolean).join(" · ")), h("span", { class: `chip ${one.screen}` }, t(`screen_${one.screen}`)))))))
      : h("section", { class: "card empty" }, h("p", {}, t("noTerminals"))),
    h("form", { class: "card adder", onsubmit: add },
      h("label", { class: "field" }, t("serial"), serial),
      h("label", { class: "field" }, t("place"), place),
      h("button", { class: "button" }, t("add"))));
}

// One terminal.

let terminal = null;
let receipts = [];
let means = [];
let shown = "";
let card = "visa";
let refused = "rejected_funds";

const screen = h("section", { class: "screen", "aria-live": "polite", "aria-label": t("screenOf") });
const keys = h("div", { class: "keys" });
const people = h("section", { class: "card people" });
const roll = h("section", { class: "card roll" });
const tip = h("input", { inputmode: "decimal", placeholder: "0.00", autocomplete: "off", pattern: "[0-9]+([.][0-9]+)?" });

function step(name, body) {
  return () => act(async () => {
    terminal = await call("POST", `/terminals/${encodeURIComponent(id)}/${name}`, body?.());
    await load();
  });
}

function button(label, work, kind = "quiet", enabled = true) {
  return h("button", { class: `button ${kind}`, onclick: work, disabled: !enabled }, label);
}

const cardOf = (name, more = {}) => () => ({ means: name(), ...more, ...(tip.value.trim() ? { tip: tip.value.trim() } : {}) });

function choices(status, chosen, choose, label) {
  return h("label", { class: "field" }, label, h("select", { onchange: (event) => choose(event.target.value) },
    means.filter((one) => one.status === status).map((one) => h("option", { value: one.means, selected: one.means === chosen }, t(`means_${one.means}`)))));
}

function face() {
  const { screen: name, charge, currency } = terminal;
  const total = charge && money(Number(charge.amount) + (name === "approved" ? Number(charge.tip) : 0), currency);
  const queued = charge && ["created", "OPEN"].includes(charge.status);
  const amount = ["waiting", "processing", "approved", "rejected", "canceled"].includes(name) && total;
  return [
    h("p", { class: "status" }, h("span", {}, terminal.seller), h("span", {}, terminal.online ? t("online") : t("noNetwork"), " · ", terminal.operating_mode)),
    h("div", { class: `message ${name} ${["waiting", "processing"].includes(name) ? "busy" : ""}` },
      h("div", { class: "disc" }, icon(drawings[name])),
      amount && h("p", { class: "amount" }, amount),
      h("h1", {}, t(`screen_${name}`)),
      name === "waiting" && charge.description && h("p", {}, charge.description),
      h("p", { class: "muted" }, t(name === "stuck" && terminal.printing ? "screen_printingLead" : `screen_${name}Lead`)),
      name === "rejected" && charge?.status_detail && h("p", { class: "chip" }, charge.status_detail),
      name === "approved" && Number(charge.tip) > 0 && h("p", { class: "muted" }, `${t("withTip")} ${money(charge.tip, currency)}`),
      charge?.cancel_asked && h("p", { class: "chip pending" }, t("cancelAsked")),
      queued && h("p", { class: "chip pending" }, t("queued"))),
    (queued || charge?.cancel_asked) && button(t("refresh"), step("receive"), "wide"),
    name === "waiting" && h("p", { class: "muted small center" }, `${t("expiresAt")} ${clock(charge.expires)}`),
  ];
}

/** Whether a charge can still be acted on, and whether the terminal can be used for that. */
function state() {
  const { charge, stuck, printing, online, operating_mode } = terminal;
  const open = !!charge && !stuck && !printing && ["created", "at_terminal", "OPEN", "ON_TERMINAL"].includes(charge.status);
  return { open, usable: open && online && operating_mode === "PDV" };
}

function hardware() {
  const { usable } = state();
  return [
    h("button", { class: "key red", disabled: !usable, onclick: step("cancel"), "aria-label": t("keyCancel"), title: t("keyCancel") }, icon("M6 6l12 12M18 6L6 18")),
    h("button", { class: "key amber", onclick: step("free"), "aria-label": t("keyRestart"), title: t("keyRestart") }, icon("M20 12a8 8 0 1 1-2.5-5.8M20 4v4h-4")),
    h("button", { class: "key green", disabled: !usable, onclick: step("card", cardOf(() => card)), "aria-label": t("tapApproved"), title: t("tapApproved") }, icon("M5 12.5l4.5 4.5L19 7")),
  ];
}

function actions() {
  const { open, usable } = state();
  const last = receipts[0];
  const over = !!last && !open && !["processed", "refunded"].includes(last.status) && last.payment == null;
  const pdv = terminal.operating_mode === "PDV";
  return [
    h("h2", {}, t("buyerDoes")),
    h("div", { class: "fields" },
      choices("approved", card, (name) => { card = name; }, t("cardApproved")),
      choices("rejected", refused, (name) => { refused = name; }, t("cardRejected")),
      h("label", { class: "field" }, t("tip"), tip)),
    h("div", { class: "big" },
      button(t("tapApproved"), step("card", cardOf(() => card)), "good", usable),
      button(t("tapRejected"), step("card", cardOf(() => refused)), "bad", usable),
      button(t("keyCancel"), step("cancel"), "quiet", usable),
      button(t("walkAway"), step("walk_away"), "quiet", usable)),
    h("h2", {}, t("terminalDoes")),
    h("div", { class: "big" },
      terminal.online ? button(t("loseNetwork"), step("lose_network")) : button(t("restoreNetwork"), step("restore_network"), ""),
      button(t("loseWithCard"), step("lose_network", () => ({ card })), "quiet", usable),
      terminal.stuck || terminal.printing ? button(t("free"), step("free"), "") : button(t("getStuck"), step("get_stuck")),
      button(t("printStuck"), step("print_stuck"), "quiet", !open && !terminal.stuck && !terminal.printing),
      button(t("expireNow"), step("expire"), "quiet", open),
      button(t("breakOff"), step("fail"), "quiet", usable),
      button(t("payLate"), step("card", cardOf(() => card, { late: true })), "quiet", over)),
    h("label", { class: "toggle" },
      h("input", { type: "checkbox", role: "switch", checked: pdv, onchange: step("mode", () => ({ operating_mode: pdv ? "STANDALONE" : "PDV" })) }),
      h("span", {}, t("drivenBySystem"), " ", h("small", {}, terminal.operating_mode))),
  ];
}

function receipt(one) {
  const facts = [[t(one.order ? "order" : "intent"), one.order ?? one.intent], [t("payment"), one.payment], [t("reference"), one.external_reference], [t("result"), one.status_detail]]
    .filter(([, value]) => value != null);
  return h("li", {}, h("details", {},
    h("summary", {}, h("span", { class: "time" }, clock(one.updated)), h("span", {}, money(Number(one.amount) + Number(one.tip), terminal.currency)), h("span", { class: `chip ${one.status}` }, one.status)),
    h("dl", {}, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))]))));
}

function show() {
  const now = JSON.stringify([terminal, receipts]);
  if (now === shown) return;
  shown = now;
  const focused = document.activeElement?.closest("button")?.textContent;
  screen.replaceChildren(...face().filter(Boolean));
  keys.replaceChildren(...hardware());
  people.replaceChildren(...actions());
  // Whoever works with the keyboard stays where they were.
  if (focused) [...people.querySelectorAll("button")].find((one) => one.textContent === focused)?.focus();
  const open = roll.querySelector("details[open] dd")?.textContent;
  roll.replaceChildren(h("h2", {}, t("receipts")), receipts.length ? h("ul", {}, receipts.map(receipt)) : h("p", { class: "muted" }, t("noReceipts")));
  for (const details of roll.querySelectorAll("details")) details.open = details.querySelector("dd")?.textContent === open;
}

async function load() {
  ({ terminal, receipts } = await call("GET", `/terminals/${encodeURIComponent(id)}`));
  show();
}

if (!id) {
  await act(list);
} else {
  const [model, serial] = id.split("__");
  main.replaceChildren(
    h("div", { class: "handheld" }, h("p", { class: "maker" }, "Point Smart"), screen, keys, h("p", { class: "maker small" }, `${model} · ${serial}`)),
    h("div", { class: "beside" }, problem, people, roll, h("p", {}, h("a", { href: "/terminal" }, t("allTerminals")))));
  await act(async () => {
    means = await call("GET", "/means");
    await load();
  });
  // A choice that is open in a list is not taken away: nothing is drawn unless something changed.
  setInterval(() => act(load), 1000);
}
