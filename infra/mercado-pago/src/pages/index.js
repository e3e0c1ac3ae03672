// The QR of every point of sale, to be scanned or printed.

import { bar, call, h } from "./dom.js";
import { t } from "./text.js";

bar("pumps");
document.title = `${t("pumps")} · Mercado Pago ${t("simulated")}`;
const main = document.querySelector("main");

function card(pos) {
  return h("article", { class: "card qr" },
    h("img", { src: new URL(pos.svg).pathname, alt: `QR ${pos.name}`, width: 220, height: 220 }),
    h("h2", {}, pos.name),
    h("p", { class: "muted" }, [pos.store, pos.seller].filter(Boolean).join(" · ")),
    h("p", { class: "muted small" }, pos.url ? `${pos.external_id ?? pos.id}` : t("noUrl")),
    h("div", { class: "actions" },
      h("a", { class: "button", href: `/phone?pos=${pos.id}` }, t("scan")),
      h("a", { class: "button quiet", href: new URL(pos.pdf).pathname, target: "_blank" }, t("print"))));
}

const [points, terminals] = await Promise.all([call("GET", "/pos"), call("GET", "/terminals")]);
main.replaceChildren(
  h("h1", {}, t("pumpsTitle")),
  h("p", { class: "lead" }, t("pumpsLead")),
  points.length
    ? h("section", { class: "grid" }, points.map(card))
    : h("section", { class: "card empty" }, h("p", {}, t("noPumps")), h("p", { class: "muted" }, t("noPumpsHint"))),
  h("h2", { class: "section" }, t("terminalsTitle")),
  h("p", { class: "lead" }, terminals.length ? t("terminalsLead") : t("noTerminals")),
  h("p", { class: "actions start" },
    terminals.map((one) => h("a", { class: "button quiet", href: `/terminal/${encodeURIComponent(one.id)}` }, [one.id.split("__")[1], one.external_pos_id].filter(Boolean).join(" · "))),
    h("a", { class: "button link", href: "/terminal" }, t("allTerminals"))));
