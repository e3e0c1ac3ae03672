// A till: what a station's software does with the API, on one page.

import { bar, h } from "./dom.js";
import { resume } from "./jobs.js";
import { state } from "./state.js";
import { t } from "./text.js";
import { log } from "./log.js";
import { pollCharge, refresh } from "./sale.js";
import { choose, terminalCard } from "./terminal.js";
import { takeCard } from "./take.js";
import { chargeCard } from "./charge.js";
import { saleCard } from "./ledger.js";
import { commandsCard, pollCommands } from "./commands.js";

document.title = `${t("till")} · Surtidor`;
const { mercado_pago } = state.demo;
bar([[`${mercado_pago}/terminal`, "terminals"], [`${mercado_pago}/phone`, "phone"], [`${mercado_pago}/`, "pumps"], [`${mercado_pago}/_control/`, "switches"]]);
document.querySelector("main").append(
  h("h1", { class: "unseen" }, t("till")),
  h("div", { class: "side" }, terminalCard, takeCard),
  h("div", { class: "work" }, chargeCard, commandsCard, saleCard), log);

/** Works again and again, each time after the last one ended. */
async function every(milliseconds, work) {
  for (;;) {
    await work();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

choose(new URLSearchParams(location.search).get("station"));
resume(state.demo.stations);
every(1000, pollCharge);
every(2000, pollCommands);
// Commands tell of payments; the rest (a payment under review, a dispute) is seen by a look now and then.
every(10_000, refresh);
