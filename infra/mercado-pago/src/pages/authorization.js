// Where a seller lets an application act: the person chooses who that seller is, or refuses, and is sent back.

import { bar, call, h } from "./dom.js";
import { t } from "./text.js";

bar("");
document.title = `${t("authorizeTitle")} · Mercado Pago ${t("simulated")}`;
const main = document.querySelector("main");
const problem = h("p", { class: "problem", role: "alert", hidden: true });

function fail(error) {
  problem.textContent = error instanceof TypeError ? t("offline") : error.message;
  problem.hidden = false;
}

/** Tells Mercado Pago and goes where it says. */
async function answer(path, body) {
  try {
    const { location: next } = await call("POST", `/oauth/${path}`, { url: location.href, ...body });
    location.assign(next);
  } catch (error) {
    fail(error);
  }
}

function seller(one) {
  return h("button", { class: "button wide", type: "button", onclick: () => answer("consent", { seller: one.collector_id }) },
    `${one.nickname} · ${one.collector_id} · ${one.site}`);
}

try {
  const asked = await call("POST", "/oauth/look", { url: location.href });
  main.replaceChildren(
    h("h1", {}, t("authorizeTitle")),
    h("p", { class: "lead" }, `${asked.application} ${t("authorizeLead")}`),
    problem,
    h("section", { class: "card" },
      h("h2", {}, t("authorizeAs")),
      asked.sellers.length ? asked.sellers.map(seller) : h("p", { class: "muted" }, t("noSellers")),
      h("button", { class: "button quiet wide", type: "button", onclick: () => answer("refuse", {}) }, t("authorizeRefuse"))));
} catch (error) {
  main.replaceChildren(h("h1", {}, t("authorizeTitle")), problem);
  fail(error);
}
