// The buyer's phone: scan a pump, wait, pay.

import { bar, call, h, icon, money } from "./dom.js";
import { t } from "./text.js";

bar("phone");
document.title = `${t("phone")} · Mercado Pago ${t("simulated")}`;

const drawings = {
  scanned: "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M4 12h16",
  waiting: "M12 4a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM5 20c0-3.5 3-6 7-6s7 2.5 7 6",
  dispensing: "M4 20V6a2 2 0 0 1 2-2h6a2 2 0 0 1 2 2v14M3 20h12M6.5 7.5h5v4h-5zM14 11h1.5a2 2 0 0 1 2 2v3a1.5 1.5 0 0 0 3 0V9l-3-3",
  cannot_operate: "M3 8.5a14 14 0 0 1 18 0M6 12a9.5 9.5 0 0 1 12 0M9 15.5a5 5 0 0 1 6 0M12 19h.01M4 3l16 18",
  error: "M12 8v5M12 16.5h.01M12 3l9.5 17h-19z",
  pending: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5V12l3 2",
  rejected: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9 9l6 6M15 9l-6 6",
  paid: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12.5l3 3 5.5-6",
  abandoned: "M14 4h4a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-4M4 12h11M8 8l-4 4 4 4",
};

const glass = h("section", { class: "glass", "aria-live": "polite" });
document.querySelector("main").replaceChildren(h("div", { class: "device" }, glass));

let points = [];
let means = [];
let scan = null;
let chosen = "account_money";
let shown = "";

function button(label, act, kind = "") {
  return h("button", { class: `button wide ${kind}`, onclick: act }, label);
}

async function act(work) {
  try {
    await work();
  } catch (error) {
    glass.querySelector(".problem")?.remove();
    glass.append(h("p", { class: "problem" }, error instanceof TypeError ? t("offline") : error.message));
    shown = "";
  }
}

const start = (pos) => act(async () => {
  scan = await call("POST", "/scans", { pos: String(pos) });
  show();
});

const step = (name, body) => act(async () => {
  scan = await call("POST", `/scans/${scan.id}/${name}`, body);
  // Whoever was rejected wants another means.
  if (scan.screen === "rejected") chosen = "account_money";
  show();
});

function again() {
  scan = null;
  shown = "";
  history.replaceState(null, "", "/phone");
  act(load);
}

function choose() {
  return [
    h("h1", {}, t("choosePump")),
    h("p", { class: "muted" }, points.length ? t("choosePumpLead") : t("noPumps")),
    h("ul", { class: "pumps" }, points.map((pos) => h("li", {},
      h("button", { class: "pump", onclick: () => start(pos.id) },
        icon(drawings.dispensing), h("span", {}, h("strong", {}, pos.name), h("small", {}, pos.store ?? pos.seller ?? "")))))),
  ];
}

function seller() {
  return points.find((pos) => pos.id === scan.pos) ?? {};
}

function message() {
  const name = scan.screen;
  const busy = ["scanned", "waiting", "dispensing"].includes(name);
  return h("div", { class: `message ${name} ${busy ? "busy" : ""}` },
    h("div", { class: "disc" }, icon(drawings[name])),
    h("h1", {}, t(name)),
    name === "paid" ? h("p", { class: "amount" }, money(scan.amount, scan.currency)) : h("p", { class: "muted" }, t(`${name}Lead`)),
    name === "rejected" && h("p", { class: "chip" }, scan.status_detail));
}

function receipt() {
  const rows = [[t("payTo"), seller().seller], [seller().name, scan.items[0]?.title], [t("payment"), scan.payment], [t("reference"), scan.external_reference]];
  return h("dl", { class: "receipt" }, rows.flatMap(([name, value]) => [h("dt", {}, name ?? ""), h("dd", {}, String(value ?? ""))]));
}

function purchase() {
  return h("div", { class: "purchase" },
    h("p", { class: "muted" }, `${t("payTo")} ${seller().seller ?? ""}`),
    h("p", { class: "amount" }, money(scan.amount, scan.currency)),
    h("ul", {}, scan.items.map((item) => h("li", {}, h("span", {}, item.title), h("span", { class: "muted" }, `${seller().name ?? ""}`)))));
}

function options() {
  const local = scan.currency === "BRL" ? "pix" : scan.currency === "ARS" ? "interop" : "";
  const offered = means.filter((one) => !["pix", "interop", "pending_transfer"].includes(one.means) || one.means === local || (one.means === "pending_transfer" && local === "interop"));
  const groups = [["approvedGroup", ["approved"]], ["rejectedGroup", ["rejected"]], ["laterGroup", ["pending", "in_process", "authorized"]]];
  return h("fieldset", { class: "means" }, h("legend", {}, t("payWith")),
    groups.map(([title, statuses], index) => h("details", { open: index === 0 || statuses.includes(means.find((one) => one.means === chosen)?.status) },
      h("summary", {}, t(title)),
      offered.filter((one) => statuses.includes(one.status)).map((one) => h("label", {},
        h("input", { type: "radio", name: "means", value: one.means, checked: one.means === chosen, onchange: () => { chosen = one.means; } }),
        h("span", {}, t(`means_${one.means}`)))))));
}

function foot() {
  const facts = [
    [t("questions"), scan.polls],
    [t("generation"), scan.generation && `v${scan.generation}`],
    [t("order"), scan.merchant_order],
    [t("payment"), scan.payment],
    [t("reference"), scan.external_reference],
  ].filter(([, value]) => value != null);
  return h("details", { class: "foot", open: scan.screen === "error" },
    h("summary", {}, t("details")),
    h("dl", {}, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])),
    h("ul", {}, scan.details.map((detail) => h("li", {}, detail))));
}

function screen() {
  if (!scan) return choose();
  const leave = button(t("leave"), () => step("abandon"), "link");
  switch (scan.screen) {
    case "checkout":
      return [h("h1", {}, t("checkout")), purchase(), options(), button(t("pay"), () => step("pay", { means: chosen })), leave, foot()];
    case "rejected":
      return [message(), options(), button(t("pay"), () => step("pay", { means: chosen })), leave, foot()];
    case "paid":
      return [message(), receipt(), button(t("another"), again), foot()];
    case "cannot_operate":
    case "error":
      return [message(), button(t("again"), () => start(scan.pos)), button(t("another"), again, "link"), foot()];
    case "abandoned":
    case "pending":
      return [message(), button(t("another"), again), foot()];
    default:
      return [message(), leave, foot()];
  }
}

/** Draws the screen when it is another one, so that a choice or an open detail is not lost. */
function show() {
  const now = JSON.stringify(scan && { ...scan, polls: scan.screen === "checkout" ? 0 : scan.polls });
  if (now === shown) return;
  const open = glass.querySelector(".foot")?.open;
  shown = now;
  glass.replaceChildren(...screen());
  const details = glass.querySelector(".foot");
  if (details && open) details.open = true;
}

async function load() {
  [points, means] = await Promise.all([call("GET", "/pos"), call("GET", "/means")]);
  show();
}

setInterval(() => {
  if (scan && !["paid", "abandoned"].includes(scan.screen)) {
    act(async () => { scan = await call("GET", `/scans/${scan.id}`); show(); });
  }
}, 700);

const query = new URLSearchParams(location.search);
await act(load);
if (query.has("scan")) {
  await act(async () => { scan = await call("GET", `/scans/${query.get("scan")}`); show(); });
} else if (query.has("pos")) {
  await start(query.get("pos"));
  // A reload is not another scan.
  if (scan) history.replaceState(null, "", `/phone?scan=${scan.id}`);
}
