//! What the demo says.

use std::path::Path;

use crate::querier::Verdict;
use crate::scheme::GrayZone;
use crate::scheme::Opened;
use crate::template::SubjectId;
use serde_json::{Map, Value, json};

use super::THRESHOLD;
use super::ministry_a::{Keys, Question};
use super::ministry_b::{ClearVerdict, MinistryB, Reply};
use crate::cli::console::{Console, bytes, seconds};
use crate::cli::failure::Failure;

/// Tells the demo as it goes; where JSON is wanted, all at its end.
pub struct Story<'a> {
    console: &'a Console,
    folder: &'a Path,
    document: Map<String, Value>,
}

impl<'a> Story<'a> {
    pub fn new(console: &'a Console, folder: &'a Path) -> Self {
        Self { console, folder, document: Map::new() }
    }

    fn tell(&mut self, text: &str, part: &str, document: Value) -> Result<(), Failure> {
        self.document.insert(part.to_owned(), document);
        match self.console.json() {
            true => Ok(()),
            false => self.console.print(text),
        }
    }

    pub fn terms(&mut self, agreement: &Opened) -> Result<(), Failure> {
        let (terms, set) = (agreement.terms(), agreement.parameters());
        let digest = agreement.digest().to_string();
        let text = format!(
            "Two authorities, one question: is this person in your records?   (synthetic faces, seed {seed})\n\n\
             1 Terms     {a} asks, {b} holds the records. Faces of {shape}; a hit is\n            \
             a cosine of {THRESHOLD} or more; A learns one bit a probe. Both sign agreement.toml, SHA-256 {short}...\n            \
             Scheme {scheme}, parameter set {set_name}: {security:.0} bits of security.",
            seed = super::SEED,
            a = terms.querier,
            b = terms.custodian,
            shape = agreement.shape().to_string().trim_start_matches("a vector of "),
            short = digest.get(..12).unwrap_or(&digest),
            scheme = agreement.scheme(),
            set_name = set.name(),
            security = set.security_bits().floor(),
        );
        let document = json!({
            "terms": terms,
            "digest": digest,
            "security_bits": set.security_bits(),
            "seed": super::SEED,
        });
        self.tell(&text, "agreement", document)
    }

    pub fn keys(&mut self, keys: &Keys) -> Result<(), Failure> {
        let text = format!(
            "2 Keys      A keeps secret.key ({}, readable for A alone) and sends evaluation.key ({}),\n            \
             once: B computes with it, but cannot read with it. Made in {}.",
            bytes(keys.secret_bytes),
            bytes(keys.public_bytes),
            seconds(keys.took)
        );
        let document = json!({
            "secret_key_bytes": keys.secret_bytes,
            "evaluation_key_bytes": keys.public_bytes,
            "seconds": keys.took.as_secs_f64(),
        });
        self.tell(&text, "keys", document)
    }

    pub fn records(&mut self, b: &MinistryB<'_>) -> Result<(), Failure> {
        let references = b.gallery.references();
        let text = format!(
            "3 Records   B enrolls {references} people. gallery.cotejo ({}) holds them in the clear and never leaves B.",
            bytes(b.gallery_bytes)
        );
        self.tell(&text, "gallery", json!({"references": references, "gallery_bytes": b.gallery_bytes}))
    }

    pub fn question(&mut self, question: &Question) -> Result<(), Failure> {
        let plain: Vec<String> = question.plain.iter().map(|x| format!("{x:+.5}")).collect();
        let cipher: Vec<String> = question.cipher.iter().map(|byte| format!("{byte:02x}")).collect();
        let probes = question.records.len();
        let text = format!(
            "4 Query     A encrypts {probes} probes in {} ({} -> {} to send). B has seen two of these people.\n              \
             what A holds, case-1:  {} ...\n              what B receives:       {} ...",
            seconds(question.took),
            bytes(question.probe_bytes),
            bytes(question.query_bytes),
            plain.join(" "),
            cipher.join(" "),
        );
        let document = json!({
            "probes": probes,
            "query_bytes": question.query_bytes,
            "ciphertext_excerpt": cipher.concat(),
            "seconds": question.took.as_secs_f64(),
        });
        self.tell(&text, "query", document)
    }

    pub fn answer(&mut self, reply: &Reply) -> Result<(), Failure> {
        let comparisons = reply.probes * reply.references;
        let each = reply.took / u32::try_from(comparisons.max(1)).unwrap_or(u32::MAX);
        let text = format!(
            "5 Match     B compares {} probes x {} references, blindly, in {}: {} a comparison on {} cores.\n            \
             The answer is {}, however many records there are.",
            reply.probes,
            reply.references,
            seconds(reply.took),
            seconds(each),
            rayon::current_num_threads(),
            bytes(reply.answer_bytes),
        );
        let document = json!({
            "comparisons": comparisons,
            "seconds": reply.took.as_secs_f64(),
            "seconds_per_comparison": each.as_secs_f64(),
            "threads": rayon::current_num_threads(),
            "answer_bytes": reply.answer_bytes,
        });
        self.tell(&text, "match", document)
    }

    pub fn verdicts(
        &mut self,
        agreement: &Opened,
        verdicts: &[(SubjectId, Verdict)],
        oracle: &[ClearVerdict],
    ) -> Result<(), Failure> {
        let zone = GrayZone::of(agreement);
        let deviations = |clear: &ClearVerdict| {
            let deviations = (clear.best - THRESHOLD).abs() / zone.score_deviation();
            deviations.is_finite().then_some(deviations)
        };
        let said = |hit| if hit { "hit" } else { "no hit" };
        let mut lines = vec![
            "6 Verdicts  probe      A decrypts   the oracle says in the clear (only this demo can ask it)".to_owned(),
        ];
        let mut documents = Vec::new();
        for ((probe, verdict), clear) in verdicts.iter().zip(oracle) {
            let agrees = if verdict.hit() == clear.hit { "" } else { "   DIFFERENT" };
            lines.push(format!(
                "            {:<11}{:<13}{:<7} best cosine {:+.3}, {}{agrees}",
                probe.as_str(),
                said(verdict.hit()),
                said(clear.hit),
                clear.best,
                match deviations(clear) {
                    Some(deviations) => format!("{deviations:.0} sigma of noise from the threshold"),
                    None => "decided without noise".to_owned(),
                }
            ));
            documents.push(json!({
                "probe": probe,
                "encrypted_hit": verdict.hit(),
                "clear_hit": clear.hit,
                "best_score": clear.best,
                "deviations_from_threshold": deviations(clear),
            }));
        }
        self.tell(&lines.join("\n"), "verdicts", documents.into())
    }

    /// What each learnt, and what to try next.
    pub fn end(mut self, agreement: &Opened) -> Result<(), Failure> {
        let names = agreement.terms();
        let learnt = boxes(
            [&format!("What {} learnt", names.querier), &format!("What {} learnt", names.custodian)],
            &[
                ["four bits: hit or no hit, one a probe", "that A asked about four persons, and when"],
                ["not who matched, no score, no record", "no probe, no score, not one verdict"],
            ],
        );
        let program = program();
        let next: Vec<String> = NEXT.iter().map(|arguments| format!("  {program} {arguments}")).collect();
        let text = format!(
            "\n{learnt}\nTry next, on the files of this demo:\n  cd {}\n{}",
            self.folder.display(),
            next.join("\n")
        );
        let next: Vec<String> = NEXT.iter().map(|arguments| format!("{program} {arguments}")).collect();
        self.tell(&text, "next", json!({"folder": self.folder, "commands": next}))?;
        match self.console.json() {
            true => self.console.result("", &self.document),
            false => Ok(()),
        }
    }
}

/// Commands that work in the folder of the demo.
const NEXT: [&str; 7] = [
    "decrypt --keys ministry-a/keys --answer exchanged/probes.answer.cotejo",
    "inspect exchanged/probes.query.cotejo",
    "compare --probes ministry-a/probes.npy --references ministry-b/gallery.npy --hits-only",
    "encrypt --keys ministry-a/keys --templates ministry-a/probes.npy --reference S000017 --out exchanged/1to1.query.cotejo",
    "match --evaluation-key ministry-b/evaluation.key --gallery ministry-b/gallery.cotejo --query exchanged/1to1.query.cotejo",
    "decrypt --keys ministry-a/keys --answer exchanged/1to1.answer.cotejo",
    "plan --references 100000 --probes 1",
];

/// This program, as it can be called from the folder of the demo.
fn program() -> String {
    let called = std::env::args().next().unwrap_or_else(|| "cotejo".to_owned());
    let path = Path::new(&called);
    let absolute = if called.contains('/') { std::path::absolute(path).ok() } else { None };
    absolute.map_or(called, |absolute| absolute.display().to_string())
}

/// Two boxes side by side.
fn boxes(titles: [&str; 2], rows: &[[&str; 2]]) -> String {
    const WIDTH: usize = 44;
    let top = titles.map(|title| format!("┌ {title} {}┐", "─".repeat(WIDTH.saturating_sub(title.chars().count() + 1))));
    let bottom = format!("└{}┘", "─".repeat(WIDTH + 1));
    let mut lines = vec![top.join("  ")];
    lines.extend(rows.iter().map(|row| row.map(|text| format!("│ {text:<WIDTH$}│")).join("  ")));
    lines.push([bottom.as_str(); 2].join("  "));
    lines.join("\n")
}
