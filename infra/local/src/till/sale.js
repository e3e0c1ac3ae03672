// The sale that is on the till's screen, and its charge: read again whenever something may have changed.

import { Refused, Unanswered, get } from "./api.js";
import { changed, keep, kept, problem, state } from "./state.js";
import { t } from "./text.js";

/** Sales that this browser remembers of a station: the API lists none. */
const REMEMBERED = 12;

let name = null;
let wanted = null;
// An answer to an older question does not overwrite that to a newer one.
let asked = 0;
const shown = { sale: 0, charge: 0 };

/** Puts a sale on the screen, with its last charge or a certain one. */
export function open(sale_id, charge_id = null, value = null) {
  if (sale_id !== name || charge_id) {
    if (sale_id !== name) show(sale_id);
    wanted = charge_id;
  }
  if (value) return takeSale(value, ++asked);
  return refresh();
}

function show(sale_id) {
  name = sale_id;
  wanted = null;
  Object.assign(state, { sale: null, charge: null, refund: null });
  Object.assign(state.problems, { sale: null, charge: null });
  keep("sale", name);
}

/** Leaves the sale. */
export function close() {
  show(null);
  changed();
}

function takeSale(sale, order) {
  if (sale.sale_id !== name || order < shown.sale) return;
  shown.sale = order;
  state.sale = sale;
  const { sale_id, position, amount, currency, received_at } = sale;
  const known = kept("sales", []).filter((one) => one.sale_id !== sale_id);
  keep("sales", [{ sale_id, position, amount, currency, at: received_at }, ...known]
    .sort((a, b) => b.at.localeCompare(a.at)).slice(0, REMEMBERED));
  // A charge that was made while the sale was read is not in it yet.
  const made = state.charge?.charge_id === wanted ? state.charge : null;
  const charge = sale.charges.find((one) => one.charge_id === wanted) ?? made ?? sale.charges.at(-1);
  if (!charge) state.charge = null;
  else if (charge !== made) takeCharge(charge, order);
  changed();
}

function takeCharge(charge, order) {
  if (charge.sale_id !== name || (charge.charge_id === state.charge?.charge_id && order < shown.charge)) return;
  shown.charge = order;
  // What was said no to was asked of the charge as it stood.
  if (charge.charge_id !== state.charge?.charge_id || charge.status !== state.charge.status) state.problems.charge = null;
  state.charge = charge;
  changed();
}

/** Takes in a charge that a write was answered with. */
export function seen(charge) {
  if (charge.sale_id !== name) show(charge.sale_id);
  wanted = charge.charge_id;
  takeCharge(charge, ++asked);
}

/** Takes in a sale that a write was answered with. */
export function seenSale(sale) {
  takeSale(sale, ++asked);
}

/** Reads the sale. */
export async function refresh() {
  if (!name) return;
  const [station, sale_id, order] = [state.station, name, ++asked];
  try {
    const sale = await get(station, `/sales/${sale_id}`);
    if (station !== state.station || sale_id !== name) return;
    heard();
    takeSale(sale, order);
  } catch (error) {
    if (station !== state.station || sale_id !== name) return;
    if (error.status === 404) forget(error);
    else missed(error);
  }
}

/** A sale that the API does not know: the browser remembers it from before everything began anew. */
function forget(error) {
  keep("sales", kept("sales", []).filter((one) => one.sale_id !== name));
  close();
  problem("sale", error.message);
}

/** Whether a charge may still be paid, as far as is known. */
export function isOpen(charge) {
  return !!charge && !["processed", "refunded", "failed", "canceled", "cancelled", "expired"].includes(charge.status);
}

/** Reads the charge, if it is not decided; the sale too, once it is another one. */
export async function pollCharge() {
  const before = state.charge;
  if (!isOpen(before)) return;
  const [station, order] = [state.station, ++asked];
  try {
    const charge = await get(station, `/charges/${before.charge_id}`);
    if (station !== state.station || charge.charge_id !== state.charge?.charge_id) return;
    heard();
    takeCharge(charge, order);
    if (charge.status !== before.status || charge.sale_status !== state.sale?.status) await refresh();
  } catch (error) {
    if (station === state.station) missed(error);
  }
}

/** The API answered: what is shown is true now. */
export function heard() {
  if (!state.silentSince) return;
  state.silentSince = null;
  changed();
}

/** A question was not answered. What is shown stays, and is said to be old. */
export function missed(error) {
  if (error instanceof Refused) return problem("sale", error.message);
  if (!(error instanceof Unanswered)) throw error;
  if (state.silentSince) return;
  state.silentSince = Date.now();
  changed();
}

/** What a status of a sale is called. */
export const statusOf = (status) => t(`sale_${status}`);
