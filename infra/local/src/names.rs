//! What resources are called on one machine.

use crate::template::Names;

/// The region that functions are told.
pub const REGION: &str = "us-east-1";
/// The account in ARNs.
pub const ACCOUNT: &str = "000000000000";

/// The name of a table or queue of the template.
pub(crate) fn physical(logical_id: &str) -> String {
    format!("surtidor-{logical_id}")
}

pub(crate) fn queue_arn(region: &str, name: &str) -> String {
    format!("arn:aws:sqs:{region}:{ACCOUNT}:{name}")
}

/// What `Ref` and `Fn::GetAtt` of a resource give, with SQS at `sqs_url`.
pub(crate) fn name(id: &str, kind: &str, sqs_url: &str, names: &mut Names) {
    let physical = physical(id);
    let mut attribute = |name: &str, value: String| {
        names.attributes.insert(format!("{id}.{name}"), value);
    };
    let reference = match kind {
        "AWS::DynamoDB::Table" => {
            attribute("Arn", format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{physical}"));
            physical
        }
        "AWS::SQS::Queue" => {
            attribute("Arn", queue_arn(REGION, &physical));
            attribute("QueueName", physical.clone());
            format!("{sqs_url}/{ACCOUNT}/{physical}")
        }
        "AWS::SecretsManager::Secret" => crate::secrets::arn(&physical),
        _ => {
            attribute("Arn", format!("arn:aws:local:{REGION}:{ACCOUNT}:{id}"));
            id.to_owned()
        }
    };
    names.refs.insert(id.to_owned(), reference);
}
