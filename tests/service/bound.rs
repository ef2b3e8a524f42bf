//! A database and the key that signs its log.

use cotejo::service::audit::Role;
use cotejo::service::store::{Custody, Journal, Outbox, Owner, StoreError};
use cotejo::service::time::Time;

use crate::databases::{Kind, execute, fresh, kinds, location};
use crate::trial::{rng, signing_key};

fn owner(role: Role, key: u64) -> Owner {
    Owner { party: "B".parse().unwrap(), role, key: signing_key(key) }
}

fn open(database: &str, role: Role, key: u64) -> Result<(), StoreError> {
    let (location, owner, rng) = (location(database), owner(role, key), Box::new(rng(1)));
    match role {
        Role::Custodian => Custody::create(location, owner, rng, Time::ZERO).map(drop),
        Role::Querier => Outbox::open(location, owner, rng, Time::ZERO).map(drop),
    }
}

fn entries(database: &str, role: Role) -> usize {
    let mut journal = Journal::open(location(database), owner(role, 1), Box::new(rng(1))).unwrap();
    journal.entries(1).unwrap().len()
}

/// As a program has left it that knew of no binding.
fn to_layout_1(kind: Kind, database: &str, role: Role) {
    execute(
        kind,
        database,
        "UPDATE about SET value = '1' WHERE name = 'layout'; DELETE FROM about WHERE name = 'signing key'",
    );
    let later = match role {
        Role::Querier => {
            "ALTER TABLE requests DROP COLUMN verdicts; ALTER TABLE requests DROP COLUMN nonce; \
             ALTER TABLE requests DROP COLUMN abandonment; DROP TABLE heads"
        }
        Role::Custodian => {
            "ALTER TABLE galleries DROP COLUMN inherits; ALTER TABLE jobs DROP COLUMN person; \
             DROP TABLE persons; DROP TABLE asked; DROP TABLE abandonments; DROP TABLE operators; DROP TABLE orders"
        }
    };
    execute(kind, database, later);
}

#[test]
fn another_signing_key_is_refused_by_both_stores_before_anything_is_written() {
    for kind in kinds() {
        for role in [Role::Custodian, Role::Querier] {
            let folder = tempfile::tempdir().unwrap();
            let database = fresh(kind, folder.path());
            open(&database, role, 1).unwrap();
            let (bound, configured) = (signing_key(1).public(), signing_key(2).public());
            assert_eq!(open(&database, role, 2), Err(StoreError::SigningKey { bound, configured }));
            assert_eq!(entries(&database, role), 1);
            open(&database, role, 1).unwrap();
        }
    }
}

#[test]
fn a_database_of_before_is_bound_to_the_key_that_its_log_shows() {
    for kind in kinds() {
        for role in [Role::Custodian, Role::Querier] {
            let folder = tempfile::tempdir().unwrap();
            let database = fresh(kind, folder.path());
            open(&database, role, 1).unwrap();
            to_layout_1(kind, &database, role);
            let configured = signing_key(2).public();
            assert_eq!(open(&database, role, 2), Err(StoreError::SignedOtherwise { configured }));
            open(&database, role, 1).unwrap();
            let bound = signing_key(1).public();
            assert_eq!(open(&database, role, 2), Err(StoreError::SigningKey { bound, configured }));
            assert_eq!(entries(&database, role), 1);
            execute(kind, &database, "UPDATE about SET value = '99' WHERE name = 'layout'");
            assert_eq!(open(&database, role, 1), Err(StoreError::Layout("99".to_owned())));
        }
    }
}

/// Whoever has written a log of its own into the database has no server sign behind it.
#[test]
fn a_log_whose_last_entry_is_somebody_elses_is_not_gone_on_with() {
    for kind in kinds() {
        let folder = tempfile::tempdir().unwrap();
        let database = fresh(kind, folder.path());
        open(&database, Role::Custodian, 1).unwrap();
        let signed = |digits: &str| {
            let sql = format!("UPDATE log SET signature = {digits} || SUBSTR(signature, 3)");
            execute(kind, &database, &sql);
        };
        execute(kind, &database, "CREATE TABLE kept AS SELECT signature FROM log");
        signed("CASE WHEN signature LIKE '00%' THEN '01' ELSE '00' END");
        let configured = signing_key(1).public();
        let refused = StoreError::EndsOtherwise { configured, number: 1 };
        assert_eq!(open(&database, Role::Custodian, 1), Err(refused.clone()));
        let look = Custody::open(location(&database), owner(Role::Custodian, 1), Box::new(rng(1))).map(drop);
        assert_eq!(look, Err(refused));
        signed("SUBSTR((SELECT signature FROM kept), 1, 2)");
        open(&database, Role::Custodian, 1).unwrap();
    }
}

/// A custodian's database is made on purpose. What is there instead of one is left as it is.
#[test]
fn a_missing_an_empty_an_older_and_a_foreign_database_are_refused_until_one_is_made() {
    let look =
        |database: &str| Custody::open(location(database), owner(Role::Custodian, 1), Box::new(rng(1))).map(drop);
    for kind in kinds() {
        let folder = tempfile::tempdir().unwrap();
        let database = fresh(kind, folder.path());
        assert_eq!(look(&database), Err(StoreError::NotMade));
        if kind == Kind::Sqlite {
            assert!(!std::path::Path::new(&database).exists());
            std::fs::write(&database, "").unwrap();
            assert_eq!(look(&database), Err(StoreError::NotMade));
        }
        execute(kind, &database, "CREATE TABLE another (program BIGINT)");
        assert_eq!(look(&database), Err(StoreError::Foreign));
        assert_eq!(open(&database, Role::Custodian, 1), Err(StoreError::Foreign));
        execute(kind, &database, "DROP TABLE another");
        open(&database, Role::Custodian, 1).unwrap();
        look(&database).unwrap();
        to_layout_1(kind, &database, Role::Custodian);
        assert_eq!(look(&database), Err(StoreError::Older("1".to_owned())));
        open(&database, Role::Custodian, 1).unwrap();
        look(&database).unwrap();
        assert_eq!(entries(&database, Role::Custodian), 1);
    }
}
