//! What a buyer sees.

use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse};
use money::Money;

use crate::charge::{Entry, Outcome};

/// Nothing is loaded and no script runs, whatever stands in an order.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page of a charge that its buyer decides, or has decided, on.
pub(super) fn of(entry: &Entry) -> impl IntoResponse + use<> {
    let headers: [(HeaderName, &str); 2] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Html(text(entry)))
}

fn text(entry: &Entry) -> String {
    let amount = Money::new(entry.order.amount_minor, entry.order.currency);
    let amount = format!("{} {}", amount.to_decimal_string(), entry.order.currency);
    let rest = match entry.outcome {
        Outcome::Pending => ["approve", "decline"].map(form).concat(),
        Outcome::Approved => said("It is approved.", entry),
        Outcome::Declined => said("It is declined.", entry),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Simulated card network</title>\n\
         <style>body {{ font: 1.1rem sans-serif; margin: 3rem auto; max-width: 24rem }} \
         form {{ display: inline }} button {{ font: inherit; padding: .5rem 1rem }}</style>\n</head>\n<body>\n\
         <h1>Simulated card network</h1>\n<p>Is this payment of {} yours? No real money moves.</p>\n{rest}</body>\n</html>\n",
        escaped(&amount),
    )
}

fn form(decision: &str) -> String {
    format!(
        "<form method=\"post\"><input type=\"hidden\" name=\"decision\" value=\"{decision}\">\
         <button>{decision}</button></form>\n"
    )
}

fn said(what: &str, entry: &Entry) -> String {
    let back = entry.order.return_url.as_ref().map_or_else(String::new, |url| {
        format!("<p><a href=\"{}\">Back to the shop</a></p>\n", escaped(url))
    });
    format!("<p>{what}</p>\n{back}")
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut safe, sign| {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            sign => safe.push(sign),
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::entry;

    #[test]
    fn an_undecided_charge_has_two_forms_and_a_decided_one_none() {
        let mut entry = entry();
        for (outcome, forms) in [
            (Outcome::Pending, 2),
            (Outcome::Approved, 0),
            (Outcome::Declined, 0),
        ] {
            entry.outcome = outcome;
            assert_eq!(text(&entry).matches("<form").count(), forms, "{outcome:?}");
        }
    }

    #[test]
    fn what_stands_in_an_order_is_text_on_the_page() {
        let mut entry = entry();
        entry.order.return_url = Some("https://shop.example/?\"><script>'&".to_owned());
        let text = text(&entry);
        assert!(!text.contains("<script>"), "{text}");
        assert!(text.contains("?&quot;&gt;&lt;script&gt;&#39;&amp;"), "{text}");
    }
}
