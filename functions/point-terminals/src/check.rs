//! Whether a terminal is set up: the access token, the webhook secret and the serial number that a person entered, each
//! with what is wrong and what to do.

use lambda_http::{Body, Response};
use surtidor::api::{Check, CheckResult, CheckView};
use surtidor::edge::path;
use surtidor::mercado_pago::{OperatingMode, Terminal};
use surtidor::problem::{Problem, json};
use surtidor::sale::{Charge, Language};
use surtidor::secrets::Account;
use surtidor::store::Station;

use crate::handler::{Call, PointTerminals, SERIAL_AMBIGUOUS};
use crate::terminals::linked;

use CheckResult::{Ok as Right, Unknown, Wrong};

/// A charge that is younger may still be told of.
const NEWS_COMES_WITHIN: time::Duration = time::Duration::minutes(2);

const NO_ANSWER: [&str; 3] = [
    "Mercado Pago no contesta ahora: pruebe otra vez",
    "o Mercado Pago não responde agora: tente de novo",
    "Mercado Pago does not answer now: try again",
];

const TOKEN: &str = "access_token";
const SECRET: &str = "webhook_secret";
const TERMINAL: &str = "terminal";

fn check(
    check: &'static str,
    (result, code): (CheckResult, &'static str),
    language: Language,
    [es, pt, en]: [&str; 3],
) -> Check {
    Check { check, result, code, detail: language.of(es, pt, en).to_owned() }
}

pub(crate) async fn get(api: &PointTerminals, call: Call<'_>) -> Result<Response<Body>, Problem> {
    let station = api.station(call.station).await?;
    let account = api.account(&station.account).await?;
    let token = token(api, &account, call).await;
    let may_ask = token.result != Wrong;
    let mut checks = vec![token];
    let terminal = if may_ask { terminal(api, &account, call).await } else { Err(unasked(call.language)) };
    match terminal {
        Ok((found, check)) => {
            checks.push(check);
            checks.push(secret(api, &station, &found, call).await?);
        }
        Err(check) => {
            checks.push(check);
            checks.push(unproven(call.language));
        }
    }
    // The secret alone may still be unproven.
    let ready = checks.iter().all(|check| match check.check {
        SECRET => check.result != Wrong,
        _ => check.result == Right,
    });
    Ok(json(200, &CheckView { ready, checks }))
}

/// Whether the token is one, of the account that it should be, in a country that has terminals.
async fn token(api: &PointTerminals, account: &Account, call: Call<'_>) -> Check {
    let say = |found, words| check(TOKEN, found, call.language, words);
    let user = match api.mercado_pago.me(&account.access_token).await {
        Ok(user) => user,
        Err(error) if error.is_passing() => {
            return say((Unknown, "no_answer"), NO_ANSWER);
        }
        Err(_) => {
            return say(
                (Wrong, "token_rejected"),
                [
                    "Mercado Pago rechaza el token: copie el Access Token de producción de la aplicación Point (Credenciales de producción, activadas) al secreto de cuentas",
                    "o Mercado Pago recusa o token: copie o Access Token de produção do aplicativo Point (credenciais de produção, ativadas) para o segredo de contas",
                    "Mercado Pago rejects the token: copy the production Access Token of the Point application (production credentials, activated) into the accounts secret",
                ],
            );
        }
    };
    if user.id() != Some(account.collector_id.to_string().as_str()) {
        return say(
            (Wrong, "token_of_another_account"),
            [
                "el token es de otra cuenta que la del collector_id: copie el token de la cuenta que cobra, o corrija el collector_id",
                "o token é de outra conta que a do collector_id: copie o token da conta que recebe, ou corrija o collector_id",
                "the token is of another account than collector_id says: copy the token of the account that takes the money, or mend collector_id",
            ],
        );
    }
    let Some(country) = account.country else {
        return say(
            (Wrong, "country_missing"),
            [
                "falta country en el secreto de cuentas: agregue \"country\": \"AR\", o el país de la cuenta",
                "falta country no segredo de contas: adicione \"country\": \"BR\", ou o país da conta",
                "country is missing in the accounts secret: add \"country\": \"AR\", or the account's country",
            ],
        );
    };
    if user.site().is_some_and(|site| site != country.site()) {
        return say(
            (Wrong, "wrong_country"),
            [
                "la cuenta de Mercado Pago es de otro país que el que dice el secreto de cuentas: corrija country",
                "a conta do Mercado Pago é de outro país que o do segredo de contas: corrija country",
                "the Mercado Pago account is of another country than the accounts secret says: mend country",
            ],
        );
    }
    if country.point_limits().is_none() {
        return say(
            (Wrong, "country_without_point"),
            [
                "en el país de la cuenta Mercado Pago no ofrece terminales manejados por API: los hay en Argentina, Brasil, Chile y México",
                "no país da conta o Mercado Pago não oferece terminais controlados por API: há na Argentina, Brasil, Chile e México",
                "Mercado Pago has no terminals driven by an API in the account's country: they are in Argentina, Brazil, Chile and Mexico",
            ],
        );
    }
    say(
        (Right, "ok"),
        [
            "el token es de la cuenta que cobra",
            "o token é da conta que recebe",
            "the token is of the account that takes the money",
        ],
    )
}

/// Whether the account has the terminal, linked to a store, in the mode in which it can be driven.
async fn terminal(
    api: &PointTerminals,
    account: &Account,
    call: Call<'_>,
) -> Result<(Terminal, Check), Check> {
    let say = |found, words| check(TERMINAL, found, call.language, words);
    let name = path(call.request, "terminal");
    let found = match api.mercado_pago.terminals_named(&account.access_token, account.point, &name).await {
        Ok(found) if found.len() > 1 => {
            return Err(say((Wrong, "serial_ambiguous"), SERIAL_AMBIGUOUS));
        }
        Ok(found) => found.into_iter().next(),
        Err(error) if error.is_passing() => {
            return Err(say((Unknown, "no_answer"), NO_ANSWER));
        }
        Err(_) => {
            return Err(say(
                (Wrong, "token_without_point"),
                [
                    "el token no permite ver terminales: use el de una aplicación de pagos presenciales con Point",
                    "o token não permite ver terminais: use o de um aplicativo de pagamentos presenciais com Point",
                    "the token may not see terminals: use that of an application for in-person payments with Point",
                ],
            ));
        }
    };
    let Some(terminal) = found else {
        return Err(say(
            (Wrong, "serial_unknown"),
            [
                "la cuenta no tiene un terminal con ese número de serie: cópielo entero del dorso; si es correcto, vincule el terminal a esta cuenta con la aplicación de Mercado Pago",
                "a conta não tem um terminal com esse número de série: copie-o inteiro do verso; se está certo, vincule o terminal a esta conta com o aplicativo do Mercado Pago",
                "the account has no terminal with this serial number: copy all of it from the back; if it is right, link the terminal to this account with Mercado Pago's app",
            ],
        ));
    };
    let check = if terminal.store_id.is_none() || terminal.pos_id.is_none() {
        say(
            (Wrong, "terminal_not_linked"),
            [
                "el terminal no está vinculado a una sucursal y caja: enciéndalo, escanee su QR con la aplicación de Mercado Pago y elija la sucursal",
                "o terminal não está vinculado a uma loja e caixa: ligue-o, escaneie o QR com o aplicativo do Mercado Pago e escolha a loja",
                "the terminal is not linked to a store and a point of sale: turn it on, scan its QR with Mercado Pago's app, and choose the store",
            ],
        )
    } else {
        match terminal.mode() {
            OperatingMode::Pdv => say(
                (Right, "ok"),
                [
                    "el terminal está vinculado y en modo PDV",
                    "o terminal está vinculado e no modo PDV",
                    "the terminal is linked and in PDV mode",
                ],
            ),
            OperatingMode::Standalone => say(
                (Wrong, "standalone"),
                [
                    "el terminal está en modo STANDALONE: páselo a PDV (PUT …/mode) y reinícielo",
                    "o terminal está no modo STANDALONE: passe para PDV (PUT …/mode) e reinicie",
                    "the terminal is in STANDALONE mode: set it to PDV (PUT …/mode) and restart it",
                ],
            ),
            OperatingMode::Other => say(
                (Wrong, "mode_undefined"),
                [
                    "el terminal no está en modo PDV: páselo a PDV (PUT …/mode) y reinícielo",
                    "o terminal não está no modo PDV: passe para PDV (PUT …/mode) e reinicie",
                    "the terminal is not in PDV mode: set it to PDV (PUT …/mode) and restart it",
                ],
            ),
        }
    };
    Ok((terminal, check))
}

/// Whether the webhook secret is the right one. Mercado Pago does not tell it; that a notification of a charge came and
/// verified does, and so does a charge that ended without one.
async fn secret(
    api: &PointTerminals,
    station: &Station,
    terminal: &Terminal,
    call: Call<'_>,
) -> Result<Check, Problem> {
    let (link, _) = linked(api, call, &station.account, &terminal.id).await?;
    let Some(id) = link.holder else { return Ok(unproven(call.language)) };
    let Some(reference) = Charge::sale_of(&id) else { return Ok(unproven(call.language)) };
    let Some(sale) = api.store.sale(&reference).await? else { return Ok(unproven(call.language)) };
    let say = |found, words| check(SECRET, found, call.language, words);
    Ok(match sale.charge(&id) {
        Some(charge) if charge.notified_at.is_some() => say(
            (Right, "ok"),
            [
                "la notificación del último cobro llegó y su firma es válida",
                "a notificação da última cobrança chegou e a assinatura é válida",
                "the notification of the last charge came, and its signature is valid",
            ],
        ),
        // One that was never sent is not told of, and one that is at work has still to be.
        Some(charge)
            if charge.mercado_pago_id.is_some()
                && !sale.is_at_work(charge, call.now)
                && call.now - charge.created_at > NEWS_COMES_WITHIN =>
        {
            say(
                (Wrong, "no_signed_notification"),
                [
                    "el último cobro terminó sin una notificación con firma válida: copie otra vez el secreto de Webhooks (modo productivo) al secreto de notificaciones, y revise la URL y los eventos (Order; en la API anterior, Integraciones Point)",
                    "a última cobrança terminou sem uma notificação com assinatura válida: copie de novo o segredo de Webhooks (modo produtivo) para o segredo de notificações, e confira a URL e os eventos (Order; na API anterior, Integrações Point)",
                    "the last charge ended without a notification whose signature is valid: copy the Webhooks secret (production mode) into the webhooks secret again, and check the URL and the events (Order; in the former API, Point integrations)",
                ],
            )
        }
        _ => unproven(call.language),
    })
}

fn unproven(language: Language) -> Check {
    check(
        SECRET,
        (Unknown, "no_charge_yet"),
        language,
        [
            "solo un cobro prueba el secreto de Webhooks: cobre un importe en este terminal, y mire otra vez",
            "só uma cobrança prova o segredo de Webhooks: cobre um valor neste terminal, e olhe de novo",
            "only a charge proves the webhook secret: charge an amount at this terminal, and look again",
        ],
    )
}

fn unasked(language: Language) -> Check {
    check(
        TERMINAL,
        (Unknown, "token_first"),
        language,
        [
            "sin un token válido no se puede ver el terminal",
            "sem um token válido não se pode ver o terminal",
            "without a valid token the terminal cannot be seen",
        ],
    )
}
