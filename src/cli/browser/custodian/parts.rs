//! Parts that stand in several pages of a custodian.

use maud::{Markup, html};

use crate::cli::browser::page::Visit;
use crate::cli::party::SOON_DAYS;
use crate::service::time::Time;

/// How something stands, in words and in shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Good,
    /// Soon not good any more.
    Soon,
    Bad,
}

impl Standing {
    /// Of something that ends then.
    pub fn of_end(until: Time, now: Time) -> Self {
        match until {
            until if until <= now => Self::Bad,
            until if until <= now.plus_days(SOON_DAYS) => Self::Soon,
            _ => Self::Good,
        }
    }
}

/// Words with the shape of how it stands: never by colour alone.
pub fn stands(standing: Standing, words: &str) -> Markup {
    match standing {
        Standing::Good => html! { span.yes { span aria-hidden="true" { "\u{2713} " } (words) } },
        Standing::Soon => html! { span.soon { span aria-hidden="true" { "\u{25b2} " } (words) } },
        Standing::Bad => html! { span.no { span aria-hidden="true" { "\u{2717} " } (words) } },
    }
}

/// Until when a certificate is good, and how many days are left.
pub fn ends(visit: &Visit, until: Option<Time>, now: Time) -> Markup {
    let Some(until) = until else { return html! { (visit.t("ends-unknown")) } };
    let days = now.seconds_until(until) / 86_400;
    let given = [("date", visit.words.day(until.day()).into()), ("days", visit.counted("days", days).into())];
    let standing = Standing::of_end(until, now);
    let key = match standing {
        Standing::Good => "ends-good",
        Standing::Soon => "ends-soon",
        Standing::Bad => "ends-over",
    };
    stands(standing, &visit.with(key, &given))
}

/// Lines of a list that are shown, and how many more there are.
pub fn listed<T>(visit: &Visit, all: &[T], most: usize, line: impl Fn(&T) -> Markup) -> Markup {
    html! {
        ul { @for one in all.iter().take(most) { li { (line(one)) } } }
        @if all.len() > most { p { (visit.counted("and-more", (all.len() - most) as u64)) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_good_for_longer_than_a_month_then_ends_soon_and_is_over_from_its_end_on() {
        let now = Time::from_millis(1_800_000_000_000);
        assert_eq!(Standing::of_end(now.plus_days(31), now), Standing::Good);
        assert_eq!(Standing::of_end(now.plus_days(30), now), Standing::Soon);
        assert_eq!(Standing::of_end(now, now), Standing::Bad);
    }
}
