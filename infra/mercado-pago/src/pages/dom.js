// What the pages share: building elements, calling the control API, the bar on top.

import { language, languages, setLanguage, t } from "./text.js";

/** An element. Text is always text: nothing that came over the network is read as HTML. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

/** A drawing from a path of 24 by 24. */
export function icon(path, name = "") {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon ${name}`);
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** Calls the control API; an error of its own is thrown with its text. */
export async function call(method, path, body) {
  const init = { method };
  if (body !== undefined) init.body = JSON.stringify(body);
  const answer = await fetch(`/_control${path}`, init);
  const text = await answer.text();
  const value = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Error(value?.error ?? `HTTP ${answer.status}`);
  return value;
}

/** Where amounts and times are written like this: the language alone would write them as in Spain. */
const region = { es: "es-AR", pt: "pt-BR", en: "en-US" }[language()];

/** An amount for the eye; the numbers that count never pass through here. */
export function money(amount, currency) {
  return new Intl.NumberFormat(region, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(amount);
}

/** The time of day. */
export function clock(text) {
  return new Date(text).toLocaleTimeString(region, { hour12: false });
}

/** Fills the bar: the name, the pages, the languages. */
export function bar(here) {
  const links = [["/", "pumps"], ["/phone", "phone"], ["/terminal", "terminal"], ["/_control/", "control"]];
  const choose = h("select", { "aria-label": t("language"), onchange: (event) => setLanguage(event.target.value) },
    languages.map(([code, name]) => h("option", { value: code, selected: code === language() }, name)));
  document.querySelector(".bar").replaceChildren(
    h("a", { class: "brand", href: "/" }, h("img", { src: "/pages/icon.svg", alt: "" }), h("span", {}, "Mercado Pago"), h("em", {}, t("simulated"))),
    h("nav", {}, links.map(([href, name]) => h("a", { href, "aria-current": here === name && "page" }, t(name)))),
    choose,
  );
}
