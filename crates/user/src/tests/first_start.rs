use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use contracts::Role;
use ids::ApiKeyId;

use super::{Desk, secret};
use crate::error::Error;
use crate::ops::first_start::{FirstStart, KEY_FILE, PASSWORD_FILE, prepare};
use crate::ops::log_in::log_in;
use crate::ops::read;
use crate::ops::revoke_key::revoke_key;

fn wanted(folder: &Path) -> FirstStart {
    FirstStart {
        data_dir: folder.to_owned(),
        login: "admin".into(),
        password: None,
        keeps_key: true,
    }
}

fn content(folder: &Path, file: &str) -> String {
    let path = folder.join(file);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{file}");
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}

#[tokio::test]
async fn the_first_start_makes_an_administrator_and_a_key_and_later_ones_change_nothing() {
    let desk = Desk::open().await;
    let folder = tempfile::tempdir().unwrap();
    prepare(&desk.office, &wanted(folder.path())).await.unwrap();
    let password = content(folder.path(), PASSWORD_FILE);
    let key = content(folder.path(), KEY_FILE);
    let begun = log_in(&desk.office, "admin", secret(&password)).await.unwrap();
    for credential in [begun.token.reveal(), &key] {
        assert_eq!(desk.who(credential).await.unwrap().roles, [Role::Administrator]);
    }
    prepare(&desk.office, &wanted(folder.path())).await.unwrap();
    assert_eq!(content(folder.path(), PASSWORD_FILE), password);
    assert_eq!(content(folder.path(), KEY_FILE), key);
    assert_eq!(read::users(&desk.office, None, 10).await.unwrap().len(), 1);
    assert_eq!(read::keys(&desk.office, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn copies_that_start_at_once_make_one_administrator_and_one_key() {
    let desk = Desk::open().await;
    let folder = tempfile::tempdir().unwrap();
    let starts: Vec<_> = (0..6)
        .map(|_| {
            let (office, wanted) = (desk.office.clone(), wanted(folder.path()));
            tokio::spawn(async move { prepare(&office, &wanted).await })
        })
        .collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
    assert_eq!(read::users(&desk.office, None, 10).await.unwrap().len(), 1);
    assert_eq!(read::keys(&desk.office, None, 10).await.unwrap().len(), 1);
    let password = content(folder.path(), PASSWORD_FILE);
    log_in(&desk.office, "admin", secret(&password)).await.unwrap();
    assert!(desk.who(&content(folder.path(), KEY_FILE)).await.is_some());
}

#[tokio::test]
async fn a_start_that_was_cut_off_after_its_files_is_made_good_by_the_next() {
    let desk = Desk::open().await;
    let folder = tempfile::tempdir().unwrap();
    // What a start leaves that wrote its files and did not commit.
    std::fs::write(folder.path().join(PASSWORD_FILE), "nobody's").unwrap();
    std::fs::write(folder.path().join("admin.new"), "half").unwrap();
    std::fs::write(folder.path().join(KEY_FILE), format!("sk_{}\n", "0".repeat(64))).unwrap();
    prepare(&desk.office, &wanted(folder.path())).await.unwrap();
    let password = content(folder.path(), PASSWORD_FILE);
    log_in(&desk.office, "admin", secret(&password)).await.unwrap();
    assert!(desk.who(&content(folder.path(), KEY_FILE)).await.is_some());
}

#[tokio::test]
async fn a_lost_key_is_replaced_and_a_revoked_one_is_not() {
    let desk = Desk::open().await;
    let folder = tempfile::tempdir().unwrap();
    prepare(&desk.office, &wanted(folder.path())).await.unwrap();
    let first = content(folder.path(), KEY_FILE);
    std::fs::remove_file(folder.path().join(KEY_FILE)).unwrap();
    prepare(&desk.office, &wanted(folder.path())).await.unwrap();
    let second = content(folder.path(), KEY_FILE);
    assert_ne!(first, second);
    let caller = desk.who(&second).await.unwrap();
    let id: ApiKeyId = caller.id.parse().unwrap();
    revoke_key(&desk.office, &caller, id).await.unwrap();
    prepare(&desk.office, &wanted(folder.path())).await.unwrap();
    assert_eq!(content(folder.path(), KEY_FILE), second);
    assert!(desk.who(&second).await.is_none());
}

#[tokio::test]
async fn a_given_password_is_used_and_written_nowhere() {
    let desk = Desk::open().await;
    let folder = tempfile::tempdir().unwrap();
    let mut wanted = wanted(folder.path());
    wanted.password = Some(secret("short"));
    let refused = prepare(&desk.office, &wanted).await;
    assert!(matches!(
        refused,
        Err(Error::Setting {
            setting: "user.admin_password",
            ..
        })
    ));
    wanted.password = Some(secret("given by settings"));
    wanted.keeps_key = false;
    prepare(&desk.office, &wanted).await.unwrap();
    log_in(&desk.office, "admin", secret("given by settings"))
        .await
        .unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
