// What the till knows, and who draws it.

const watchers = [];

/** `demo` is what the demo has; the rest is what the API said last. */
export const state = {
  demo: await (await fetch("/_local/till/demo.json")).json(),
  station: null,
  terminals: null,
  terminal: null,
  check: null,
  sale: null,
  charge: null,
  refund: null,
  commands: [],
  done: [],
  silentSince: null,
  problems: {},
};

/** Draws now and whenever something changed. */
export function watch(draw) {
  watchers.push(draw);
}

export function changed() {
  for (const draw of watchers) draw();
}

/** Shows, or clears, what went wrong in a part of the page. */
export function problem(where, text = null) {
  state.problems[where] = text;
  changed();
}

/** Decimals of the demo's currency. */
export const decimals = ["CLP", "COP"].includes(state.demo.currency) ? 0 : 2;

/** What a browser keeps of a station's till. */
export function kept(name, usual) {
  return JSON.parse(localStorage.getItem(`till.${state.station.station}.${name}`)) ?? usual;
}

export function keep(name, value) {
  localStorage.setItem(`till.${state.station.station}.${name}`, JSON.stringify(value));
}
