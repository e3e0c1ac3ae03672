// Elements, amounts and times.

import { language, languages, setLanguage, t } from "./text.js";

const solid = (child) => child != null && child !== false;

/** An element. Text is always text: nothing that came over the network is read as HTML. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (solid(value)) element.setAttribute(name, value);
  }
  element.append(...children.flat(2).filter(solid));
  return element;
}

/** Fills an element anew when what it shows is another thing, so that nothing moves under the eye or the keyboard. */
export function redraw(element, shown, build) {
  const now = JSON.stringify(shown);
  if (element.dataset.shown === now) return;
  element.dataset.shown = now;
  const active = element.contains(document.activeElement) ? document.activeElement.dataset.name : undefined;
  element.replaceChildren(...build().flat(2).filter(solid));
  if (active) element.querySelector(`[data-name="${CSS.escape(active)}"]`)?.focus();
}

/** A button; its name keeps the focus on it when it is drawn anew. */
export function button(name, work, kind = "quiet", enabled = true) {
  return h("button", { type: "button", class: `button ${kind}`, "data-name": name, onclick: work, disabled: !enabled }, t(name));
}

export function field(label, control) {
  return h("label", { class: "field" }, h("span", {}, label), control);
}

export function chip(word, kind = word) {
  return h("span", { class: `chip ${kind}` }, word);
}

/** Names and values, without those that have none. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(([, value]) => solid(value) && value !== "")
    .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** Where amounts and times are written like this: the language alone would write them as in Spain. */
const region = { es: "es-AR", pt: "pt-BR", en: "en-US" }[language()];

/** An amount for the eye; the numbers that count never pass through here. */
export function money(amount, currency) {
  if (amount == null || currency == null) return "–";
  return new Intl.NumberFormat(region, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(amount);
}

/** What a person typed as the text that the API takes; what is not plainly an amount is left to the API to refuse. */
export function amountOf(typed, decimals) {
  const [, whole, part] = typed.trim().match(/^(\d+)(?:[.,](\d{1,2}))?$/) ?? [];
  if (whole === undefined || (part && !decimals)) return typed.trim();
  return decimals ? `${whole}.${(part ?? "").padEnd(decimals, "0")}` : whole;
}

/** The time of day. */
export function clock(at) {
  return new Date(at).toLocaleTimeString(region, { hour12: false });
}

/** Fills the bar: the name, the other pages, the languages. */
export function bar(links) {
  const choose = h("select", { "aria-label": t("language"), onchange: (event) => setLanguage(event.target.value) },
    languages.map(([code, name]) => h("option", { value: code, selected: code === language() }, name)));
  document.querySelector(".bar").replaceChildren(
    h("span", { class: "brand" }, h("img", { src: "/_local/till/icon.svg", alt: "" }), h("span", {}, "Surtidor"), h("em", {}, t("till"))),
    h("nav", { "aria-label": t("pages") }, links.map(([href, name]) => h("a", { href, target: `surtidor-${name}` }, t(name)))),
    choose);
}
