// The words of the till.

export const languages = [["es", "Español"], ["pt", "Português"], ["en", "English"]];

const words = {
  till: ["Caja", "Caixa", "Till"],
  language: ["Idioma", "Idioma", "Language"],
  pages: ["Otras páginas", "Outras páginas", "Other pages"],
  terminals: ["Terminales", "Maquininhas", "Terminals"],
  phone: ["Teléfono", "Celular", "Phone"],
  pumps: ["QR de surtidores", "QR das bombas", "Pump QRs"],
  switches: ["Control", "Controle", "Control"],
  station: ["Estación", "Posto", "Station"],
  terminal: ["Terminal", "Maquininha", "Terminal"],
  tillOf: ["caja", "caixa", "till"],
  pump: ["Surtidor", "Bomba", "Pump"],
  shop: ["Tienda", "Loja", "Shop"],
  position: ["Posición", "Posição", "Position"],
  unlinked: ["sin estación", "sem posto", "of no station yet"],
  noTerminals: ["La cuenta no tiene terminales para esta estación.", "A conta não tem maquininhas para este posto.", "The account has no terminals for this station."],
  setPdv: ["Pasar a PDV", "Passar para PDV", "Set to PDV"],
  setStandalone: ["Pasar a STANDALONE", "Passar para STANDALONE", "Set to STANDALONE"],
  openTerminal: ["Ver la terminal", "Ver a maquininha", "Open the terminal"],
  lastCharge: ["Último cobro", "Última cobrança", "Last charge"],
  refresh: ["Actualizar", "Atualizar", "Refresh"],
  setUp: ["Configuración", "Configuração", "Set-up"],
  ready: ["lista", "pronta", "ready"],
  wrong: ["por corregir", "a corrigir", "to put right"],
  check_access_token: ["Access token", "Access token", "Access token"],
  check_terminal: ["Terminal", "Maquininha", "Terminal"],
  check_webhook_secret: ["Clave de Webhooks", "Chave de Webhooks", "Webhook secret"],
  take: ["Cobrar", "Cobrar", "Take a payment"],
  what: ["Qué se cobra", "O que se cobra", "What is paid for"],
  amount: ["Importe", "Valor", "Amount"],
  amountUsual: ["500,00", "500,00", "500.00"],
  description: ["Descripción", "Descrição", "Description"],
  optional: ["opcional", "opcional", "optional"],
  charge: ["Cobrar en la terminal", "Cobrar na maquininha", "Charge at the terminal"],
  onlyTell: ["Solo informar la venta (para el QR)", "Só informar a venda (para o QR)", "Only tell the sale (for the QR)"],
  chargeTitle: ["El cobro en la terminal", "A cobrança na maquininha", "The charge at the terminal"],
  noCharge: ["Todavía no se envió ningún cobro.", "Nenhuma cobrança foi enviada ainda.", "No charge has been sent yet."],
  sending: ["Enviando…", "Enviando…", "Sending…"],
  cancelCharge: ["Cancelar el cobro", "Cancelar a cobrança", "Cancel the charge"],
  chargeAgain: ["Cobrar otra vez", "Cobrar de novo", "Charge again"],
  chargeDoubtful: ["Miré la terminal: no está aprobado. Cobrar otra vez", "Olhei a maquininha: não está aprovado. Cobrar de novo", "I looked at the terminal: no approval. Charge again"],
  expires: ["Vence a las", "Vence às", "Expires at"],
  payment: ["Pago", "Pagamento", "Payment"],
  chargeId: ["Cobro", "Cobrança", "Charge"],
  orderId: ["Orden", "Pedido", "Order"],
  tip: ["Propina", "Gorjeta", "Tip"],
  sale: ["La venta", "A venda", "The sale"],
  saleId: ["Venta", "Venda", "Sale"],
  noSale: ["Elegí una venta, o cobrá una nueva.", "Escolha uma venda ou cobre uma nova.", "Choose a sale, or take a new one."],
  recent: ["Últimas ventas", "Últimas vendas", "Last sales"],
  chooseSale: ["Últimas ventas…", "Últimas vendas…", "Last sales…"],
  noSales: ["Sin ventas todavía", "Ainda sem vendas", "No sales yet"],
  reference: ["Referencia", "Referência", "Reference"],
  review: ["Una persona debe mirarla", "Uma pessoa deve olhar", "A person must look"],
  cash: ["Pagó en efectivo", "Pagou em dinheiro", "Paid in cash"],
  void: ["Anular", "Anular", "Void"],
  payByPhone: ["Pagar con el teléfono", "Pagar com o celular", "Pay with the phone"],
  refundTitle: ["Devolver dinero", "Devolver dinheiro", "Give money back"],
  all: ["todo lo que queda", "tudo o que resta", "all that is left"],
  reason: ["Motivo", "Motivo", "Reason"],
  reasonUsual: ["error del cajero", "erro do caixa", "cashier's mistake"],
  giveBack: ["Devolver", "Devolver", "Give back"],
  refundDone: ["Devuelto:", "Devolvido:", "Given back:"],
  refundPending: ["Pedida, todavía no se sabe; no devuelvas en efectivo:", "Pedida, ainda não se sabe; não devolva em dinheiro:", "Asked for, not known yet; do not give cash:"],
  attempts: ["Pagos", "Pagamentos", "Payments"],
  refunds: ["Devoluciones", "Devoluções", "Refunds"],
  chargebacks: ["Contracargos", "Chargebacks", "Chargebacks"],
  charges: ["Cobros en terminales", "Cobranças em maquininhas", "Charges at terminals"],
  timeline: ["Qué pasó", "O que aconteceu", "What happened"],
  show: ["Ver", "Ver", "Show"],
  sale_pending: ["Se debe", "Em aberto", "Owed"],
  sale_deferred: ["Se debe, tapada por otra", "Em aberto, coberta por outra", "Owed, behind a later one"],
  sale_paid: ["Pagada", "Paga", "Paid"],
  sale_partially_refunded: ["Devuelta en parte", "Devolvida em parte", "Refunded in part"],
  sale_refunded: ["Devuelta", "Devolvida", "Refunded"],
  sale_in_mediation: ["En disputa", "Em disputa", "Disputed"],
  sale_charged_back: ["Contracargada", "Com chargeback", "Charged back"],
  sale_settled_elsewhere: ["Pagada por otro medio", "Paga por outro meio", "Paid by other means"],
  sale_void: ["Anulada", "Anulada", "Void"],
  sale_needs_review: ["En revisión", "Em revisão", "Under review"],
  commands: ["Qué debe hacer la estación", "O que o posto deve fazer", "What the station must do"],
  noCommands: ["Nada por ahora.", "Nada por enquanto.", "Nothing for now."],
  autoAck: ["Confirmar solo", "Confirmar sozinho", "Acknowledge by itself"],
  acknowledge: ["Confirmar", "Confirmar", "Acknowledge"],
  result: ["Resultado", "Resultado", "Result"],
  showSale: ["Ver la venta", "Ver a venda", "Show the sale"],
  command_paid: ["Está pagada: dejá salir el auto.", "Está paga: deixe o carro sair.", "It is paid: let the car go."],
  command_refunded: ["Se devolvió dinero de un pago.", "Foi devolvido dinheiro de um pagamento.", "Money of a payment went back."],
  command_withdrawn: ["El pago informado fue contracargado.", "O pagamento informado sofreu chargeback.", "The payment you were told of was charged back."],
  log: ["Llamadas a la API", "Chamadas à API", "Calls of the API"],
  logLead: ["La última arriba. Las consultas iguales se cuentan; tocá una para ver qué se pidió y qué respondió.", "A última em cima. As consultas iguais são contadas; toque em uma para ver o que foi pedido e respondido.", "The last one on top. Polls that say the same are counted; open one to see what was asked and answered."],
  details: ["Pedido y respuesta", "Pedido e resposta", "Request and answer"],
  clear: ["Vaciar", "Limpar", "Clear"],
  noAnswer: ["sin respuesta", "sem resposta", "no answer"],
  noAnswerLead: ["La API no responde.", "A API não responde.", "The API does not answer."],
  silent: ["La API no responde: lo que se ve puede ser viejo. Sin respuesta desde las", "A API não responde: o que se vê pode ser antigo. Sem resposta desde", "The API does not answer: what is shown may be old. No answer since"],
  noAnswerYet: ["Sin respuesta:", "Sem resposta:", "No answer:"],
  refundUndecided: ["Devolución por decidir:", "Devolução por decidir:", "Refund not decided:"],
  sameKey: ["No se sabe si se hizo. El mismo pedido, con la misma clave, se repite a las", "Não se sabe se foi feito. O mesmo pedido, com a mesma chave, repete-se às", "It is not known to be done. The same request, with the same key, is repeated at"],
  repeatNow: ["Repetir ahora", "Repetir agora", "Repeat now"],
  stopRepeating: ["No repetir más", "Não repetir mais", "Stop repeating"],
};

const chosen = localStorage.getItem("till.language");
const current = languages.some(([code]) => code === chosen) ? chosen : document.documentElement.lang;
document.documentElement.lang = current;
const column = languages.findIndex(([code]) => code === current);

/** The language of the page: the one chosen here, else the browser's. */
export function language() {
  return current;
}

/** Chooses a language and shows the page anew. */
export function setLanguage(code) {
  localStorage.setItem("till.language", code);
  location.reload();
}

/** A text in the language of the page; a name without a text is shown as it is. */
export function t(name) {
  return words[name]?.[column] ?? name;
}
