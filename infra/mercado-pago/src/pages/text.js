// The words of the pages.

export const languages = [["es", "Español"], ["pt", "Português"], ["en", "English"]];

const words = {
  simulated: ["simulado", "simulado", "simulated"],
  language: ["Idioma", "Idioma", "Language"],
  pumps: ["Surtidores", "Bombas", "Pumps"],
  phone: ["Teléfono", "Celular", "Phone"],
  control: ["Control", "Controle", "Control"],
  pumpsTitle: ["Los QR de los surtidores", "Os QR das bombas", "The QR of each pump"],
  pumpsLead: [
    "Cada QR es un punto de venta. Escaneá uno con el teléfono simulado, o imprimilo.",
    "Cada QR é um ponto de venda. Escaneie um com o celular simulado ou imprima.",
    "Each QR is a point of sale. Scan one with the simulated phone, or print it.",
  ],
  noPumps: ["Todavía no hay puntos de venta.", "Ainda não há pontos de venda.", "There are no points of sale yet."],
  noPumpsHint: [
    "Se crean con POST /pos, como en Mercado Pago.",
    "São criados com POST /pos, como no Mercado Pago.",
    "They are created with POST /pos, as at Mercado Pago.",
  ],
  scan: ["Escanear", "Escanear", "Scan"],
  print: ["Imprimir", "Imprimir", "Print"],
  noUrl: ["sin URL de consulta", "sem URL de consulta", "no lookup URL"],
  choosePump: ["¿En qué surtidor estás?", "Em qual bomba você está?", "Which pump are you at?"],
  choosePumpLead: ["Tocá uno para escanear su QR.", "Toque em uma para escanear o QR.", "Tap one to scan its QR."],
  scanned: ["Consultando…", "Consultando…", "Asking…"],
  scannedLead: ["Buscamos tu carga en la estación.", "Buscando seu abastecimento no posto.", "Looking for your sale at the station."],
  waiting: ["Avisale al playero", "Avise o frentista", "Tell the attendant"],
  waitingLead: [
    "Decile que vas a pagar con Mercado Pago. Esperamos acá hasta que termine la carga.",
    "Diga que vai pagar com Mercado Pago. Esperamos aqui até o abastecimento terminar.",
    "Say that you will pay with Mercado Pago. We wait here until your fuel is in.",
  ],
  dispensing: ["Cargando combustible", "Abastecendo", "Fuel is being dispensed"],
  dispensingLead: [
    "Vas a poder pagar cuando termine el despacho.",
    "Você vai poder pagar quando o abastecimento terminar.",
    "You can pay once it has finished.",
  ],
  cannot_operate: ["La estación no puede cobrar así", "O posto não pode cobrar assim", "The station cannot take this"],
  cannot_operateLead: [
    "Ahora no opera con este medio de pago. Pagá de otra forma o probá de nuevo.",
    "No momento não opera com este meio de pagamento. Pague de outra forma ou tente de novo.",
    "It cannot operate with this means of payment now. Pay another way or try again.",
  ],
  error: ["Algo salió mal", "Algo deu errado", "Something went wrong"],
  errorLead: ["No pudimos leer tu compra.", "Não conseguimos ler sua compra.", "We could not read your purchase."],
  abandoned: ["Saliste del pago", "Você saiu do pagamento", "You left the payment"],
  abandonedLead: ["No se cobró nada.", "Nada foi cobrado.", "Nothing was charged."],
  pending: ["Estamos procesando tu pago", "Estamos processando seu pagamento", "Your payment is being processed"],
  pendingLead: ["Te avisamos cuando termine la revisión.", "Avisamos quando a análise terminar.", "We will tell you when the review is over."],
  rejected: ["Tu pago fue rechazado", "Seu pagamento foi recusado", "Your payment was rejected"],
  rejectedLead: ["Probá con otro medio de pago.", "Tente com outro meio de pagamento.", "Try another means of payment."],
  paid: ["¡Listo! Pagaste", "Pronto! Você pagou", "Done! You paid"],
  checkout: ["Tu compra", "Sua compra", "Your purchase"],
  payTo: ["Pagás a", "Você paga a", "You pay"],
  payWith: ["¿Cómo querés pagar?", "Como quer pagar?", "How do you want to pay?"],
  pay: ["Pagar", "Pagar", "Pay"],
  again: ["Probar de nuevo", "Tentar de novo", "Try again"],
  leave: ["Salir sin pagar", "Sair sem pagar", "Leave without paying"],
  another: ["Escanear otro QR", "Escanear outro QR", "Scan another QR"],
  approvedGroup: ["Se aprueba", "É aprovado", "Approved"],
  rejectedGroup: ["Se rechaza", "É recusado", "Rejected"],
  laterGroup: ["Queda en suspenso", "Fica em suspenso", "Decided later"],
  details: ["Detalles para quien prueba", "Detalhes para quem testa", "Details for testers"],
  questions: ["consultas", "consultas", "questions"],
  generation: ["protocolo", "protocolo", "protocol"],
  reference: ["referencia", "referência", "reference"],
  order: ["orden", "pedido", "order"],
  payment: ["pago", "pagamento", "payment"],
  means_account_money: ["Dinero en cuenta", "Saldo em conta", "Account money"],
  means_visa: ["Visa crédito", "Visa crédito", "Visa credit"],
  means_master: ["Mastercard crédito", "Mastercard crédito", "Mastercard credit"],
  means_debit: ["Visa débito", "Visa débito", "Visa debit"],
  means_interop: ["Otra billetera (transferencia)", "Outra carteira (transferência)", "Another wallet (transfer)"],
  means_pix: ["Pix", "Pix", "Pix"],
  means_rejected_funds: ["Visa sin fondos", "Visa sem saldo", "Visa without funds"],
  means_rejected_other: ["Visa, rechazo general", "Visa, recusa geral", "Visa, general rejection"],
  means_call_for_authorize: ["Visa, llamar para autorizar", "Visa, ligar para autorizar", "Visa, call to authorise"],
  means_rejected_security_code: ["Visa, código incorrecto", "Visa, código incorreto", "Visa, wrong security code"],
  means_rejected_expired: ["Visa vencida", "Visa vencida", "Visa expired"],
  means_rejected_form: ["Visa, datos incorrectos", "Visa, dados incorretos", "Visa, wrong data"],
  means_rejected_high_risk: ["Mastercard, riesgo alto", "Mastercard, risco alto", "Mastercard, high risk"],
  means_rejected_duplicate: ["Mastercard, pago duplicado", "Mastercard, duplicado", "Mastercard, duplicate"],
  means_pending: ["Visa, pendiente", "Visa, pendente", "Visa, pending"],
  means_in_process: ["Visa, en revisión", "Visa, em análise", "Visa, under review"],
  means_pending_transfer: ["Transferencia en espera", "Transferência em espera", "Transfer awaited"],
  means_authorized: ["Visa, autorizada sin capturar", "Visa, autorizada sem captura", "Visa, authorised only"],
  controlTitle: ["Qué sale mal", "O que dá errado", "What goes wrong"],
  controlLead: [
    "Todo lo que se cambia acá vale desde la próxima llamada.",
    "Tudo o que muda aqui vale a partir da próxima chamada.",
    "What is changed here holds from the next call on.",
  ],
  notifications: ["Notificaciones", "Notificações", "Notifications"],
  fate_deliver: ["Se entregan", "São entregues", "Delivered"],
  fate_hold: ["Se retienen", "São retidas", "Held"],
  fate_lose: ["Se pierden", "Se perdem", "Lost"],
  copies: ["Copias de más", "Cópias a mais", "Extra copies"],
  delay: ["Demora (ms)", "Atraso (ms)", "Delay (ms)"],
  orderHook: ["También topic_merchant_order_wh", "Também topic_merchant_order_wh", "Also topic_merchant_order_wh"],
  milliseconds: ["Firma con ts en milisegundos", "Assinatura com ts em milissegundos", "Signature's ts in milliseconds"],
  wrongSecret: ["Firma con otra clave", "Assinatura com outra chave", "Signed with another secret"],
  refunds: ["Devoluciones", "Devoluções", "Refunds"],
  outcome: ["Resultado", "Resultado", "Outcome"],
  balance: ["Saldo insuficiente", "Saldo insuficiente", "Insufficient balance"],
  lookups: ["Consultas al surtidor", "Consultas à bomba", "Lookups"],
  method: ["Método", "Método", "Method"],
  patience: ["Espera (ms)", "Espera (ms)", "Patience (ms)"],
  every: ["Cada (ms)", "A cada (ms)", "Every (ms)"],
  apiFaults: ["Respuestas de la API", "Respostas da API", "Answers of the API"],
  noRules: ["Todas las llamadas funcionan.", "Todas as chamadas funcionam.", "Every call works."],
  route: ["Ruta", "Rota", "Route"],
  effect: ["Qué pasa", "O que acontece", "What happens"],
  effect_status: ["responde un error", "responde um erro", "answers an error"],
  effect_slow: ["tarda", "demora", "is slow"],
  effect_hang: ["no responde nunca", "nunca responde", "never answers"],
  effect_lose_answer: ["lo hace y corta la conexión", "faz e corta a conexão", "does it, then hangs up"],
  effect_garbage: ["lo hace y responde basura", "faz e responde lixo", "does it, answers garbage"],
  number: ["Código o ms", "Código ou ms", "Status or ms"],
  times: ["Veces", "Vezes", "Times"],
  always: ["siempre", "sempre", "always"],
  add: ["Agregar", "Adicionar", "Add"],
  remove: ["Quitar", "Remover", "Remove"],
  reset: ["Que todo funcione", "Tudo funcionando", "Make everything work"],
  release: ["Soltar retenidas", "Soltar retidas", "Release held"],
  resend: ["Reenviar", "Reenviar", "Resend"],
  clear: ["Vaciar", "Limpar", "Clear"],
  nothingSent: ["Todavía no se notificó nada.", "Nada foi notificado ainda.", "Nothing has been notified yet."],
  payments: ["Pagos", "Pagamentos", "Payments"],
  noPayments: ["Todavía no hay pagos.", "Ainda não há pagamentos.", "There are no payments yet."],
  setStatus: ["Cambiar estado", "Mudar estado", "Set status"],
  calls: ["Llamadas recibidas", "Chamadas recebidas", "Calls received"],
  state_sending: ["en camino", "a caminho", "on its way"],
  state_held: ["retenida", "retida", "held"],
  state_lost: ["perdida", "perdida", "lost"],
  state_delivered: ["entregada", "entregue", "delivered"],
  state_failed: ["sin acuse", "sem confirmação", "not acknowledged"],
  state_retrying: ["reintenta", "nova tentativa", "retrying"],
  offline: ["El simulador no responde.", "O simulador não responde.", "The simulator does not answer."],
};

const chosen = localStorage.getItem("language");
const current = languages.some(([code]) => code === chosen) ? chosen : document.documentElement.lang;
document.documentElement.lang = current;
const column = languages.findIndex(([code]) => code === current);

/** The language of the page: the one chosen here, else the browser's. */
export function language() {
  return current;
}

/** Chooses a language and shows the page anew. */
export function setLanguage(code) {
  localStorage.setItem("language", code);
  location.reload();
}

/** A text in the language of the page; a name without a text is shown as it is. */
export function t(name) {
  return words[name]?.[column] ?? name;
}
