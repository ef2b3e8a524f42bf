# English. To add a language: copy this file, translate what stands behind each =, and name it in words/mod.rs.
# { $name } is put in by the program; a form in brackets is chosen by a number (https://projectfluent.org/fluent/guide).

language = English

## How dates, numbers and durations are written.

month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
date = { $day } { $month } { $year }
date-time = { $date }, { $clock } UTC
group-mark = ,
decimal-mark = .
percent = { $value }{"\u00A0"}%
milliseconds = { $value }{"\u00A0"}ms
seconds = { $value }{"\u00A0"}s
minutes = { $value }{"\u00A0"}min
hours = { $value }{"\u00A0"}h
days = { $count ->
    [one] { $shown } day
   *[other] { $shown } days
}
bytes = { $count ->
    [one] { $shown } byte
   *[other] { $shown } bytes
}

## On every page.

skip = Skip to the content
menu = Pages
leave = Close this session
footer = Everything on this page comes from this machine; nothing is loaded from elsewhere.
role-querier = asks (querier)
role-custodian = answers (custodian)
problem = This was not done.
remedy = What to do:
and-more = and { $shown } more
interrupted = It was interrupted. Nothing is half-done.
missing = Not found
missing-text = There is nothing under this address. It may have been removed, or the console was started anew.
pages = Further pages
newest = The latest
older = Older ones
used-of = { $used } of { $limit }
hit = Hit
no-hit = No hit

## Coming in.

entry = cotejo console
entry-text = This page opens by itself when it is reached by the address that the terminal shows, which holds a token that works once. Without scripts, type the part behind # here.
entry-token = Token
entry-open = Open
entry-wrong = This token is not, or no longer, valid. The terminal shows the next one.
refused-host = This console answers at http://{ $host }/ alone.
refused-origin = Another page has sent this request. It was refused.
refused-form = The form is too old, or was sent by another page. Go back, load the page again, and repeat it.
refused-session = This session is over. Open the address that the terminal shows.

## The menu of the querier.

menu-ask = Ask
menu-requests = Requests
menu-agreement = Agreement
menu-key = Key
menu-log = Log
menu-evaluation = Evaluation

## The menu of the custodian.

menu-now = Now
menu-gallery = Gallery
menu-requesters = Requesters

## Words that stand in several places.

file = File
shape = Template
records = Records
persons = Persons
templates = Templates
refused = Refused
notes = Notes
number = Number
time = Time
made = Made
state = State
purpose = Purpose
justification = Justification
case-category = Category of the case
officer = Officer
canaries = Canaries
agreement = Agreement
requester = Requester
answered = Answered
unanswered = Unanswered
verdict = Verdict
verdicts = Verdicts
case = Case
year = Year
yes = yes
back = Back
choose = Choose ...
optional = { $name } (optional)
bits = { $count ->
    [one] { $shown } bit
   *[other] { $shown } bits
}
bits-at-most = Disclosed at most
under-way = Under way
not-confirmed = It was not confirmed, and nothing was done.
field-missing = The agreement requires this field: { $name }.
field-no-code = { $name }: write letters, digits, dots, dashes or underscores alone, at most 64.
field-no-line = { $name }: write one line of at most 200 bytes.

## Asking.

ask = Ask
ask-text = Choose a file of probes, or paste one template. The agreement asks for this template: { $shape }. The file is read in this process; it is encrypted before anything is sent.
ask-file = File of probes
ask-file-hint = NumPy, CSV, JSON, Parquet, Arrow, fvecs or base64 iris codes: one record a person, or several with the person's id.
ask-pasted = Or paste a template
ask-pasted-hint = One line of numbers separated by commas, or a JSON list.
ask-more = More choices
ask-ids = Ids
ask-ids-hint = One id a line, in the order of the records, where the file has none.
ask-reference = About one enrolled person alone
ask-reference-hint = The id under which the custodian has enrolled the person. It is told to the custodian.
ask-skip = Leave out records that make no template, and ask about the others
ask-canaries = These are canaries: donors whose references the custodian has enrolled, to see whether they are found
ask-read = Read it
ask-kept = What you send stays in the memory of this process, on no disk, until it is asked about or dropped.
ask-look = What was read
ask-what-was-read = What was read
ask-about-one = About one person
ask-reasons = What was refused, and why
ask-refused-all = Some records make no template. Go back and leave them out, or repair the file.
norms = Lengths of the vectors
norms-text = least { $least }, median { $median }, greatest { $greatest }
ask-record = What the request says
purpose-hint = One of the purposes that were agreed.
ask-to-plan = Show what it will cost
ask-drop = Drop it
ask-plan = Before it is sent
ask-plan-text = Nothing has been sent yet. This is what a request to { $custodian } would cost.
ask-cost = What it costs
ask-said = What the request says
ask-send = { $count ->
    [one] Ask about { $shown } person
   *[other] Ask about { $shown } persons
}
ask-anew = Ask anew
persons-charged = Persons charged
sent-and-received = Sent and received
bytes-both-ways = query { $query }, answer { $answer }; the evaluation key, { $key }, with the first request alone
time-of-match = Time of the comparison
time-at-most = { $time } on the reference machine, against the { $references } references that are agreed at most; to it come waiting and the way
quota-after = Quotas, with this request
quota-today = Today
quota-year = This year
quota-hint = As our own log counts. The custodian counts for itself, and decides.
quota-today-beyond = With this request the day's quota would be exceeded: the custodian will refuse it. Ask about fewer, or tomorrow.
quota-year-beyond = With this request the year's quota would be exceeded: the custodian will refuse it.

## Requests.

requests = Requests
requests-caption = Requests, the latest first
requests-total = { $count ->
    [0] Nothing was asked yet.
    [one] { $shown } request was made.
   *[other] { $shown } requests were made.
}
requests-unfinished = { $count ->
    [one] { $shown } request is not finished.
   *[other] { $shown } requests are not finished.
}
requests-none = No requests
request-number = Request { $number }
request-said = What was asked
go-on = Go on
go-on-all = Go on with all of them
going-on = The requests are gone on with, one after the other.
state-running = under way
state-prepared = not accepted yet
state-accepted = accepted, no reply yet
state-replied = replied, not read yet
state-told = verdicts are kept
state-done = done, no verdicts are kept
state-abandoned = given up
under-way-hint = You may close this page: the request goes on, and is found under Requests. A lost connection is taken up again.
progress-begun = It has begun.
progress-match = The custodian's schedule: second { $done } of { $of }.
progress-other = { $done } of { $of }
ending-waiting = There is no reply yet. The request is kept.
ending-refused = The custodian has refused it. The request is kept.
ending-unanswered = The custodian has replied without an answer.
ending-forgotten = No verdicts are kept.
ending-error = It ended with an error. The request is kept.
verdicts-caption = One line a person who was asked about
verdicts-count = { $count ->
    [0] No hit about { $asked } persons.
    [one] { $hits } hit about { $asked } persons.
   *[other] { $hits } hits about { $asked } persons.
}
verdicts-none = No verdicts are kept.
disclosed = Disclosed with it
print = Printable page
print-text = Print this page with your browser. The menu and this note are left out on paper.
printed = Printed { $time }.
csv = Table (CSV)
forget-verdicts = Clear the verdicts from this machine
forget-text = The verdicts are deleted from the database and cannot be told again. The request itself, and that it was answered, stays in the log.
abandon = Give the request up
abandon-text = Nobody goes on with it, and its verdicts will never be told. What the custodian has accepted stays charged.
statements = What was signed
statements-text = Our request, and the receipt and reply of { $custodian }, each checked now with the key of whoever signed it.
statement-request = Our request
statement-receipt = Receipt
statement-reply = Reply
signature-holds = the signature holds
signature-fails = the signature does not hold
signature-earlier = signed with an earlier key; checking the whole log tells whether it was ours
reply-number = number { $number }
gallery-version = Version of the gallery

## The agreement.

agreement-text = What both parties have signed, and what it means.
picture = Who holds what, and what crosses
picture-querier = Querier
picture-custodian = Custodian
picture-here = this machine
picture-key = the secret key
picture-probes = the probes, in the clear
picture-verdicts = the verdicts
picture-gallery = the gallery, in the clear
picture-ids = the ids of who is enrolled
picture-log = who has asked, when and for what
picture-sent = evaluation key (once), encrypted query, signed request
picture-answered = signed receipt, encrypted answer, signed reply
picture-text = The custodian computes on what is encrypted: it sees neither probes, nor scores, nor verdicts. The querier decrypts the verdicts, and learns nothing else of the gallery.
agreement-parties = Parties
agreement-parties-text = { $querier } asks; { $custodian } holds the records.
agreement-digest = Digest
agreement-hit = A hit
agreement-disclosure = What the querier learns
agreement-custodian-learns = What the custodian learns
agreement-encryption = Encryption
agreement-encryption-text = scheme { $scheme }, parameter set { $set }, { $bits } bits of security
agreement-exact = At the threshold
agreement-limits = Limits
agreement-limits-text = at most { $references } references in the gallery, and { $probes } probes in a query
agreement-purposes = Purposes
agreement-required = Required of every request
agreement-quotas = Quotas
agreement-quotas-text = { $day } probes a day and { $year } a year; answers disclose at most { $bits } bits about one version of the gallery
agreement-kept = Kept
agreement-kept-text = keys { $keys }, answers { $answers }, what logs tell { $logs }
agreement-full = The full text
agreement-full-text = The sentences that follow from the terms, to the letter, in English.
disclosure-any = One bit for each probe: whether anybody in the records matches.
disclosure-each = One bit for each probe and enrolled person: who matches, by place in the gallery.
disclosure-count = How many enrolled persons match each probe.
disclosure-labelled = The custodian's handle of each enrolled person who matches.
custodian-learns = That a query of a given size was asked, by whom and for what; neither the probe, nor a score, nor a verdict.
exact = Encrypted verdicts equal those of the comparison in the clear, also at the threshold.
nearly-exact = Encrypted verdicts equal those of the comparison in the clear, but for pairs close to the threshold (see the full text).
hit-cosine = The cosine of the angle between two templates is { $threshold } or more.
hit-inner-product = The inner product of two templates is { $threshold } or more.
hit-squared-euclidean = The squared distance between two templates is { $threshold } or less.
hit-hamming = At most { $threshold } bits differ.
hit-fractional-hamming = Less than { $threshold } of the common valid bits differ, at the best of the rotations by up to { $rotations } columns, and at least { $common } valid bits are common.

## The key.

key = Key
key-text = Queries are encrypted with this key, and verdicts are decrypted with it. It never leaves this machine.
key-now = The key of now
key-name = Name
key-made = Made
key-age = Age
key-due = To be followed by another
key-due-text = by { $date }: { $days } left
key-set = Scheme and parameter set
key-over = The agreed time of this key is over: the custodian refuses it. Make a new one.
key-before = Keys of before
key-before-text = They are kept as long as an answer is waited for that needs them, and then deleted.
key-until = until { $date } at the longest
key-rotate = Make a new key
key-rotate-text = A key is used for { $days } at most. A new one takes some seconds to make; it is sent to the custodian with the next request. What waits for an answer to the old key can still be read; verdicts that are kept stay readable.
key-rotate-sure = Make a new key, and delete the old one when nothing waits for it any more
key-rotate-do = Make a new key
key-rotating = A key is being made.
key-rotated = A new key was made. It is used from now on.

## The log.

log = Log
log-text = What this party has done and received, each entry signed and bound to the one before.
log-whole = The log as a whole
log-unchecked = It was not checked since this console was started.
log-check = Check the whole log now
log-checking = The log is being checked.
log-sound = The log is as it was written: chain, signatures, the statements in it, quotas and deadlines.
log-findings = { $count ->
    [one] { $shown } finding
   *[other] { $shown } findings
}
log-entries = Entries
log-erased = Erased contents
log-head = Head
log-head-hint = Note the head elsewhere: a log that was cut or written anew since does not hold it.
log-what = What happened
log-holds = Holds
log-empty = Nothing was logged.
log-entry = Entry { $number }
log-hash = Hash
log-content-digest = Digest of the content
log-signature = Signature
log-content = Content, as it is logged
entry-holds = follows, and is signed
entry-broken = was altered, or the one before it
log-years = Counts a year
log-years-text = What a parliament would ask for: how often, by whom, for what, and how it ended.
log-years-unsound = The log is not as it should be: these counts may be wrong. Check it.
per-year = { $what } a year
year-usage = By requester and purpose
year-refusals = Days with refusals
year-breaker = Breaker pulled
year-erased = Erased contents
year-incomplete = { $count ->
    [one] The content of { $shown } entry of this year was erased: the counts are too small.
   *[other] The contents of { $shown } entries of this year were erased: the counts are too small.
}
log-compare = Compare with the other party's log
compare-text = Each party's log holds the other's signed statements. Laid side by side they show what one of them has lost, altered or kept back.
compare-whose = Whose log it is
compare-file = Their log
compare-file-hint = As they have exported it: Log, Export the log.
compare-found = What was found
compare-agree = The logs agree.
compare-same = Statements in both
compare-excused = Erased by one for their age
log-export-csv = Export the requests (CSV)
log-export-log = Export the log
event-opened = The log begins
event-registered = Key of another party
event-succession = Another key signs from here on
event-key-admitted = Keys admitted
event-request = Request
event-receipt = Receipt
event-reply = Reply
event-acknowledgement = The reply has arrived
event-abandoned = Given up
event-refused = Refused
event-canaries = Canaries found
event-deleted = Query and answer deleted
event-gallery = Version of the gallery (persons)
event-exempt = Exempt persons
event-breaker-pulled = Breaker pulled
event-breaker-reset = Breaker reset
event-operator-registered = Operator registered
event-operator-removed = Operator removed
event-diverged = Another log was shown than before
event-trusted = Gone on from another head
event-clock = The clock was corrected
event-erased = Contents erased
event-was-erased = erased

## Evaluation.

evaluation = Evaluation
evaluation-text = How often would this agreement find the wrong person, or miss the right one? This is measured on labelled templates that you hold yourself. Nothing is sent to anybody; both parties are played in this process, with keys that are thrown away.
evaluation-labelled = What labelled means:
evaluation-labelled-text = each template carries the id of the person it is of, in its file or in a file of ids beside it, and of some persons there are two templates or more, with the same id. Without ids nothing can be evaluated, since the number of a row is no person.
evaluation-last = The last evaluation is kept until another is begun.
evaluation-busy = An evaluation is under way. Stop it, or wait for it, before another is begun.
evaluation-see = See it
evaluation-agreement-hint = Under which of the agreements of this party templates are compared.
evaluation-probes = Probes
evaluation-probes-file = File of probes
evaluation-probes-ids = Ids of the probes (optional)
evaluation-references = References
evaluation-references-file = File of references (optional)
evaluation-references-ids = Ids of the references (optional)
evaluation-file-hint = NumPy, CSV, JSON, Parquet, Arrow, fvecs or base64 iris codes, of the agreed shape.
evaluation-references-hint = Without it the probes are compared with each other.
evaluation-ids-hint = One id a line, in the order of the templates, where the file of templates has none, as NumPy files have none.
evaluation-target = Wanted false match rate
evaluation-target-hint = Optional: a threshold is proposed for it. Between 0 and 1, such as 0.001.
evaluation-pairs = Pairs that are decided under encryption too
evaluation-pairs-hint = They show whether encryption changes a decision. Each takes time: none is quickest, and the noise formulas predict the same.
evaluation-so-many = { $count ->
    [0] none
   *[other] about { $shown }
}
evaluation-seed = Seed
evaluation-seed-hint = Of the sample, the intervals and the keys: the same seed gives the same card.
evaluation-begin = Evaluate
evaluation-kept = What you send stays in the memory of this process, on no disk, and is let go as soon as it is read. The card is kept until another evaluation is begun, or it is dropped.
evaluation-asked = What is evaluated
evaluation-compared = Compared
evaluation-one-set = one set with itself
evaluation-two-sets = probes with references
evaluation-stop = Stop
evaluation-stopping = It ends at the next step.
evaluation-step-read = Templates are being read.
evaluation-step-compare = All pairs are being compared in the clear; probes:
evaluation-step-rates = Error rates and their intervals are being computed.
evaluation-step-intervals = Intervals at every threshold are being computed; replicates:
evaluation-step-encrypted = Pairs are being decided under encryption; probes:
evaluation-decided-so-far = { $pairs } of { $of } pairs were decided under encryption so far, { $changed } of them otherwise than in the clear.
evaluation-anew = Evaluate other files
evaluation-drop = Drop this evaluation
evaluation-lead = { $hit } With this threshold { $fmr } of comparisons of two persons match falsely, and { $fnmr } of comparisons of one person are missed.
evaluation-lead-flips = Encryption is expected to change { $flips } of { $pairs } decisions, all of them close to the threshold.
evaluation-move = Move the threshold
evaluation-html = Page (HTML)
evaluation-json = Document (JSON)
evaluation-downloads = The page stands alone, is in English, and names records by their number alone. The document holds everything, also ids of persons about whom a decision changed.
evaluation-remarks = What a reader must know:
evaluation-data = Data
evaluation-failures = Failures to enrol
evaluation-refused = { $refused } templates refused: { $rate }
evaluation-genuine = Pairs of one person
evaluation-impostor = Pairs of two persons
evaluation-gallery = References that a search goes through
evaluation-rates = Error rates
evaluation-rates-caption = Of all pairs, with 95 % intervals in brackets
evaluation-float = Scores as read
evaluation-oracle = Integers, in the clear
evaluation-predicted = Under encryption, predicted
evaluation-words = What these rates are
evaluation-words-text = FMR: of comparisons of two persons, how many match. FNMR: of comparisons of one person, how many do not. EER: where both are equal. FPIR: of searches, how many hit somebody else. FNIR: of searches for somebody who is there, how many miss. Terms follow ISO/IEC 19795-1. Intervals are the wider of Clopper and Pearson's and of one that knows that pairs of a person depend on each other. Where the data is too small to show a rate, it is said how much is needed (rule of three).
evaluation-rate = { $rate } [{ $low }, { $high }]
evaluation-at = { $rate } at { $threshold }
evaluation-fmr = FMR at the agreed threshold
evaluation-fnmr = FNMR at the agreed threshold
evaluation-eer = EER
evaluation-at-fmr = FNMR at an FMR of { $target }
evaluation-fpir = FPIR at the agreed threshold
evaluation-fnir = FNIR at the agreed threshold
evaluation-at-fpir = FNIR at an FPIR of { $target }
evaluation-no-mates = there is no such search
evaluation-needs-pairs = needs { $needed } pairs of two persons
evaluation-needs-searches = needs { $needed } searches
evaluation-proposal = For a false match rate of { $target } at most: a threshold of { $threshold }. Observed there: FMR { $fmr }, FNMR { $fnmr }.
evaluation-proposal-unsupported = { $pairs } pairs of two persons are too few to show a false match rate of { $target }: at least { $needed } are needed. The strictest threshold that they suggest is { $threshold }.
evaluation-proposal-none = No threshold that an agreement can state keeps a false match rate of { $target } on this data.
evaluation-encrypted = Does encryption change a decision?
evaluation-gray-zone = { $pairs } of { $all } pairs lie so close to the threshold that noise tips them more often than once in a million. Noise moves a score by { $deviation } (one standard deviation).
evaluation-rounding = Rounding to integers decides { $pairs } of { $all } pairs otherwise than the scores as read.
evaluation-not-encrypted = No pair was decided under encryption: what is said of it is predicted by the noise formulas.
evaluation-decided = { $pairs } pairs of { $probes } probes were decided in real exchanges, { $changed } of them otherwise than in the clear: { $rate }. Predicted were { $predicted } ± { $deviation }.
evaluation-same-pairs = The pairs that were decided under encryption, beside the same pairs in the clear
evaluation-clear = In the clear
evaluation-under-encryption = Under encryption
evaluation-no-such-pair = no such pair
evaluation-plots = Scores and thresholds
evaluation-threshold = Threshold
evaluation-threshold-text = Where a hit begins decides how the errors are shared: a lax threshold finds more wrong persons, a strict one misses more right ones. The rates are those of the integers that are encrypted, compared in the clear.
evaluation-slider = Threshold, from lax to strict
evaluation-slider-hint = Move it with the mouse or the arrow keys; the rates are told below. Places lie close together where rates are small.
evaluation-lax = lax
evaluation-strict = strict
evaluation-read = Read the rates here
evaluation-use = Use in a new agreement
evaluation-here = At this threshold
evaluation-here-text = With 95 % intervals in brackets. Those of searches take searches as independent of each other.
evaluation-agreed = This is the agreed threshold.
evaluation-fmr-counted = { $errors } of { $trials } pairs of two persons match
evaluation-fnmr-counted = { $errors } of { $trials } pairs of one person are missed
evaluation-fpir-counted = { $errors } of { $trials } searches hit somebody else
evaluation-fnir-counted = { $errors } of { $trials } searches for somebody who is there miss
evaluation-new-agreement = New agreement
evaluation-same-agreement = This is the threshold that is agreed on: these are the terms that both parties have.
evaluation-both-parties = This is a proposal. It takes effect only when both parties have this file and use it in the place of the present one. Until then both go on under the present agreement. Keys and galleries are bound to their terms: under the new ones a key has to be made, and the gallery enrolled, anew.
evaluation-digests = Two agreements are told apart by their digest
evaluation-digests-text = The digest differs, so nothing made under one is accepted under the other. Compare the new one with the other party before you use it.
evaluation-digest-now = Agreed now
evaluation-digest-new = With this threshold
evaluation-strangers = At this threshold { $share } of random templates match each other, and real strangers do so more often: a search would hit for almost anybody.
evaluation-download-agreement = Download agreement.toml
evaluation-other-threshold = Choose another threshold
plot-histogram = Scores of the integers that are encrypted, as shares of the pairs of either kind.
plot-trade-off = Detection error trade-off: FNMR against FMR, on normal-deviate axes, on which rates of 0 and 1 have no place.
plot-trade-off-here = Detection error trade-off: FNMR against FMR, on normal-deviate axes. Rates of 0 and 1, which have no place on them, are drawn at their edges.
plot-receiver = Receiver operating characteristic: true match rate against FMR, on a logarithmic axis, on which 0 has no place.
plot-rates = Both error rates of the integers against the threshold; a rate of 0 has no place on the axis.
plot-flips = How often decisions flip against their distance from the threshold, measured beside predicted.
plot-score = score ({ $metric })
plot-threshold-at = threshold { $threshold }
plot-share-of-pairs = pairs, in per cent
plot-gray-zone = gray zone, six deviations to either side
plot-measured = under encryption, measured
plot-equal = equal error rates
plot-true-matches = true match rate, 1 − FNMR
plot-threshold = threshold
plot-rate = rate
plot-distance = distance from the threshold, in deviations
plot-share-of-flips = share of decisions that flip
plot-predicted = predicted
plot-predicted-here = predicted for these pairs
plot-measured-interval = measured, with 95 % interval
plot-here = chosen threshold
plot-here-fmr = FMR { $rate }
plot-here-fnmr = FNMR { $rate }

## The custodian's pages.

now = Now
look-again = Look again
reason = Reason
id = Id
references = References
handle = Handle
handles = Handles
version = Version
root = Root
ends-good = until { $date }: { $days } left
ends-soon = ends soon, on { $date }: { $days } left
ends-over = over since { $date }
ends-unknown = not known: the configuration names a fingerprint, or the file cannot be read
seconds-whole = { $count ->
    [one] { $shown } second
   *[other] { $shown } seconds
}
breaker = Breaker
breaker-on = Pulled: no request is accepted
breaker-off = Not pulled: requests are accepted
breaker-text = Pull it, and the server accepts no request from then on. What was accepted before is still answered.
breaker-pulled-text = What was accepted before is still answered. Reset it, and requests are accepted again.
breaker-since = Since
breaker-reason-hint = It is written into the log, and requesters are told it as long as the breaker is pulled. Name no person.
breaker-reason-missing = Nothing was changed: say why.
breaker-reason-wrong = Nothing was changed: write the reason on one line of at most 200 bytes.
breaker-pull = Pull the breaker
breaker-reset = Reset the breaker
breaker-by = It is ordered as operator { $operator }, with that operator's own key, and carried out by the server that runs.
breaker-operators = Operators with keys of their own are registered: one of them has to order it. This is the command to type:
breaker-operators-hint = Or start this console with --operator NAME --key FILE: then it can be ordered from here.
breaker-elsewhere = The breaker was changed elsewhere. Load this page again to change it.
now-seen = As the database had it at { $time }. This part is renewed every five seconds.
queue = Queue
queue-count = { $count ->
    [0] No request waits.
    [one] { $shown } request waits.
   *[other] { $shown } requests wait.
}
queue-caption = Requests that wait, the oldest first
queue-since = Accepted
today = Today
today-none = No request was accepted today.
today-caption = Accepted on { $day } (UTC), by requester and purpose
today-waiting = Waiting
today-hint = What came of a request nobody here can tell: its requester alone can read the verdicts.
accounts = What requesters have used up
accounts-none = Nobody may ask.
accounts-hint = Bits count at most what answers could disclose of the persons in the gallery, also when they were in earlier versions. At a limit, requests are refused.
account-today = Probes today
account-year = Probes this year
account-bits = Bits of the persons in the gallery
account-refused = { $count ->
    [0] No request was refused today.
    [one] { $shown } request was refused today.
   *[other] { $shown } requests were refused today.
}
health = State of the machine and the server
health-look = Look whether all is well
health-seen = Looked at { $time }.
health-server = The running server
health-server-ready = ready
health-server-unready = accepts no request:
health-server-silent = not reached:
health-server-unnamed = not known: the configuration names no operations port
health-database = Database
health-database-file = a file, and can be read
health-database-server = on a server, and can be read
health-database-disk = Disk of the database
health-disk-of-gallery = Disk of the gallery
health-gallery-disk = Disk of the gallery: { $title }
health-disk-free = { $free } free
health-disk-unknown = not known
health-clock = Clock
health-clock-good = agrees with the log
health-clock-bad = does not agree with the log:
health-own-certificate = Our certificate
health-certificates = Certificates of requesters
health-certificate-of = Certificate of { $requester }
gallery-text = The galleries of the agreements that are served.
gallery-none = No agreement is served.
served = Served
served-none = No version was served yet.
served-since = Since
served-hint = The version that the server has taken last. It takes a changed file within about a second, where it runs.
root-unknown = not computed: cotejo gallery root does
file-now = The file now
file-busy = The file is being read or changed just now. Look again.
file-differs = The file is not what is served: it was changed since, or the server does not run.
file-torn = The last { $bytes } of the file are of an append that was interrupted. The server does not take it: restore the gallery from a copy.
file-version = Version, as answers name it
removed = Removed, and still in the file
exempt = Exempt
exempt-used = { $count ->
    [0] Nobody is exempt, by the list that the server used last.
    [one] { $shown } person is exempt, by the list that the server used last.
   *[other] { $shown } persons are exempt, by the list that the server used last.
}
exempt-now = { $count ->
    [0] Nobody is on the list as the file is now.
    [one] { $shown } person is on the list as the file is now.
   *[other] { $shown } persons are on the list as the file is now.
}
exempt-no-list = No list is configured.
exempt-hint = Whoever is exempt never matches. Who that is stands on no page: search for an id.
exempt-unknown = This id is on the exempt list and not enrolled: it protects nobody. Is it written otherwise in the gallery?
search = Is somebody enrolled?
search-hint = The id, as it is enrolled. It is kept in no address and no log.
search-do = Search
search-likely = Enrolled is { $id }, which looks like it.
is-enrolled = enrolled
is-not-enrolled = not enrolled
is-exempt = exempt: never matches
is-not-exempt = not exempt
place = Place
place-hint = The place is that of the file as it is now, counted from 1. In another version the same place may be another person's.
versions = Versions that were served
versions-none = No version was served yet.
versions-caption = Versions, the latest first
append = Enroll further templates
append-of = Enroll further templates: { $title }
append-text = Choose a file of templates. The agreement asks for this template: { $shape }. You are shown what would change before anything is written.
append-file = File of templates
append-file-hint = NumPy, CSV, JSON, Parquet, Arrow, fvecs or base64 iris codes: one record a reference, with the person's id.
append-ids = Ids
append-ids-hint = One id a line, in the order of the records, where the file has none.
append-handles = Where the handles are
append-handles-hint = The name of the column, field or array that holds the handle of each person. A hit discloses it.
append-enrolled = Of whoever is enrolled already
append-further = what comes is further references
append-replace = what comes replaces all references
append-skip = Leave out records that are refused, and enroll the others
append-kept = What you send stays in the memory of this process until it is written or dropped.
append-what = The change
append-new = New persons
append-more = Persons who get further references
append-replaced = Persons whose references are replaced
append-unchanged = Persons of whom comes what they have
append-references = References that are written
append-failed = Not good enough (failures to enrol)
append-room = References afterwards
append-earlier = { $id }: has { $has }, and gets { $comes } more
append-instead = { $id }: has { $has }, and gets { $comes } instead
append-refused = What is refused, and why
append-refused-all = Some records are refused. Go back and leave them out, or repair the file.
append-do = { $count ->
    [one] Enroll the templates of { $shown } person
   *[other] Enroll the templates of { $shown } persons
}
remove = Remove persons
remove-of = Remove persons: { $title }
remove-text = Name the persons who are to be enrolled no more. You are shown what each has before anything is written.
remove-ids = Ids
remove-ids-hint = One id a line, as they are enrolled.
remove-file = Or a list
remove-file-hint = A file with one id a line.
remove-unknown = { $count ->
    [one] { $shown } id is not enrolled.
   *[other] { $shown } ids are not enrolled.
}
remove-unknown-text = Nobody can be removed until these are left out or corrected.
remove-whom = Who would be removed
remove-caption = Persons: { $persons }; references: { $references }
remove-exempt = { $count ->
    [one] { $shown } of them is on the exempt list. Take that id off the list too: a server does not start with an exempt id that is not enrolled.
   *[other] { $shown } of them are on the exempt list. Take those ids off the list too: a server does not start with exempt ids that are not enrolled.
}
remove-do = { $count ->
    [one] Remove { $shown } person
   *[other] Remove { $shown } persons
}
change-show = Show what would change
change-shown = Nothing has been written yet. This is what would change.
change-confirm = Do it
change-waits = Once it is confirmed it waits for { $grace } in this console, and can be dropped until then. If the console ends meanwhile, nothing was written.
change-at-once = Once it is confirmed it is written at once: this console was started without a time to wait.
change-undo-later = Once it is written it can be taken back until the server serves it: for about a second, where it runs.
change-undo-never = Once it is written it cannot be taken back here: persons who are enrolled get further or other references, and the file has no step that takes single references from a person or gives back what was replaced.
change-drop = Drop it
change-undo = Undo
change-nothing = Nothing would change.
change-cannot = There is nothing that could be done.
change-other = Another change of this gallery is under way. Wait until it is done, then look at this one again.
change-countdown = { $count ->
    [one] It is written in { $shown } second.
   *[other] It is written in { $shown } seconds.
}
change-waiting-hint = Nothing has been written yet. You may close this page. If the console ends, nothing was written.
change-writing = It is being written.
change-done = Done
change-done-text = It was written at { $time }.
change-data-stay = Of whoever was removed or replaced the data stay in the file, unused, until cotejo gallery compact.
change-dropped = It was dropped. Nothing was written.
change-undone = It was taken back. The file has another version now, with the same persons as before.
change-to-gallery = To the gallery
change-look = Look at it
change-is-dropped = The last change was dropped; nothing was written.
change-is-waiting = A change was confirmed, and is not written yet.
change-is-written-now = A change is being written.
change-is-written = A change was written.
change-is-undone = The last change was taken back.
undo-offered = It was not served yet when this page was made: as long as it is not, it can be taken back.
undo-impossible = It cannot be taken back here: it has changed the references of persons who were enrolled before.
undo-otherwise = It cannot be taken back here: it did not do what was shown, because somebody else has changed the gallery at the same moment.
undo-served = The server searches it already: it cannot be taken back. Make another change.
undo-changed = The gallery was changed again since: it cannot be taken back. Make another change.
requesters = Requesters
requesters-text = Who may ask, as the configuration said when this console was started, with their certificates as the files are now.
requesters-none = Nobody may ask.
certificate = Fingerprint of the certificate (SHA-256)
certificate-until = Certificate
signing-key = Public signing key
signed-once = Statements are signed with this key alone.
signed-twice = Statements must be signed a second time, with ML-DSA.
keys = Evaluation keys that were left here
keys-none = No evaluation key was left under this agreement.
key-admitted = Admitted
key-until-when = Until
key-expired = over: refused
key-in-use = in use
