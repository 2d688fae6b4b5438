//! What a campaign file may say, and what is said about one that is wrong.

use proptest::prelude::*;

use super::*;
use crate::atlas::Credentials;
use secrecy::ExposeSecret;

const LEAST: &str = "operation = \"shared-to-serverless\"\n[fleet]\ncsv = \"q4.csv\"\n";

fn read_in(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let env = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    parse(Path::new("jobs/q4.toml"), text.as_bytes(), &env).map_err(|error| error.to_string())
}

fn read(text: &str) -> Result<Config, String> {
    read_in(text, &[])
}

fn wrong(more: &str) -> String {
    read(&format!("{LEAST}{more}")).unwrap_err()
}

#[test]
fn the_least_file_gets_the_documented_defaults() {
    let config = read(LEAST).unwrap();
    assert_eq!((config.campaign.as_str(), config.operation.name), ("q4", "shared-to-serverless"));
    assert!(matches!(&config.source, FleetSource::Csv(path) if path == Path::new("jobs/q4.csv")));
    assert_eq!((config.base_url.as_str(), config.loopback), ("https://cloud.mongodb.com", false));
    assert_eq!((config.request_timeout, &config.pace), (Duration::from_secs(30), &Limits::default()));
    assert_eq!((&config.policy, config.warnings.len()), (&Policy::default(), 0));
}

#[test]
fn the_spellings_of_a_host_are_one_host() {
    for spelling in ["https://Cloud.MongoDB.com", "https://cloud.mongodb.com:443/", "https://cloud.mongodb.com."] {
        let config = read(&format!("{LEAST}[atlas]\nbase_url = \"{spelling}\"\n")).unwrap();
        assert_eq!((config.base_url.as_str(), config.loopback), ("https://cloud.mongodb.com", false), "{spelling}");
    }
}

#[test]
fn a_full_file_is_read_to_the_last_key() {
    let config = read(
        "campaign = \"autumn-4.1\"\noperation = \"shared-to-serverless\"\n\
         [fleet]\ncsv = \"-\"\ncolumns = { cluster_name = \"Cluster\" }\n\
         [defaults]\nprovider = \"aws\"\nwave = 2\ncontinuous_backup = true\n\"tag:by\" = \"me\"\n\
         [atlas]\nbase_url = \"http://127.0.0.1:8080/\"\nrequest_timeout = \"250ms\"\n\
         [pace]\nrequests_per_minute = 1\nmax_in_flight = 2\nmax_in_flight_per_project = 3\nworkers = 4\n\
         [retry]\nmax_attempts = 5\ninitial_delay = \"1s\"\nmax_delay = \"2m\"\ngive_up_after = \"12h\"\n\
         [look]\nfirst = \"1s\"\nmin = \"2s\"\nmax = \"3s\"\nsettle = \"4s\"\ngive_up_after = \"5s\"\n\
         [guard]\nmax_clusters = 6\nallow_region_change = true\n",
    )
    .unwrap();
    assert_eq!((config.campaign.as_str(), config.base_url.as_str()), ("autumn-4.1", "http://127.0.0.1:8080"));
    assert!(matches!(&config.source, FleetSource::Csv(path) if path == Path::new("-")));
    assert_eq!(config.columns["cluster_name"], "Cluster");
    assert_eq!((config.pace.workers, config.policy.max_attempts), (4, 5));
    assert_eq!(config.request_timeout, Duration::from_millis(250));
    assert_eq!(
        (config.policy.max_look, config.policy.look_give_up_after),
        (Duration::from_secs(3), Duration::from_secs(5))
    );
    assert!(config.loopback && config.policy.loopback && config.warnings.is_empty());
    assert!(config.policy.allow_region_change && config.max_clusters == Some(6));
}

#[test]
fn an_unknown_key_and_a_wrong_type_name_file_line_and_key() {
    assert_eq!(
        wrong("[look]\nsetle = \"3s\"\n"),
        "jobs/q4.toml:5: look.setle: there is no such key; did you mean settle?"
    );
    assert_eq!(
        wrong("[look]\n\nsettle = 60\n"),
        "jobs/q4.toml:6: look.settle: must be a text such as \"30s\", not an integer"
    );
    assert_eq!(
        wrong("[pace]\nworkers = \"4\"\n"),
        "jobs/q4.toml:5: pace.workers: must be a whole number, not a string"
    );
    assert_eq!(
        wrong("[guard]\nallow_region_change = \"yes\"\n"),
        "jobs/q4.toml:5: guard.allow_region_change: must be true or false, not a string"
    );
    assert_eq!(wrong("[look]\nsettle\n").split(": ").next(), Some("jobs/q4.toml:5"));
    let all = read("operation = \"shared-to-serverles\"\nfleet = 1\nretry.max_attempts = 0\n").unwrap_err();
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(lines[0].split(" (").next().unwrap().rsplit("; ").next(), Some("did you mean shared-to-serverless?"));
    assert_eq!(lines[1], "jobs/q4.toml:2: fleet: must be a section, not an integer");
    assert!(lines.contains(&"jobs/q4.toml:3: retry.max_attempts: must be from 1 to 4294967295 (0)"), "{all}");
}

#[test]
fn a_thousand_mistakes_are_counted_and_the_first_of_them_told() {
    let keys = (0..1000).map(|number| format!("k{number} = 1\n")).collect::<Vec<_>>().concat();
    for section in ["guard", "defaults", "fleet.columns"] {
        let text = format!("{LEAST}[{section}]\n{keys}");
        let error = parse(Path::new("q4.toml"), text.as_bytes(), &|_| None).unwrap_err();
        let told = error.to_string();
        assert_eq!((error.count(), told.lines().count()), (1000, 201), "{section}");
        assert_eq!(told.lines().last(), Some("and 800 more"));
    }
}

#[test]
fn a_campaign_file_without_an_end_is_read_no_further_than_its_limit() {
    let error = load(Path::new("/dev/zero"), &|_| None).unwrap_err().to_string();
    assert_eq!(error, "/dev/zero: the campaign file cannot be read: it is larger than 1 MiB; reading stopped there");
}

#[test]
fn a_variable_that_is_missing_is_no_mistake_of_the_campaign_file() {
    let text = LEAST.replace("csv = \"q4.csv\"", "sql = { url = \"env:CMDB_URL\", query = \"select 1\" }");
    let error = |text: &str| parse(Path::new("q4.toml"), text.as_bytes(), &|_| None).unwrap_err();
    assert!(!error(&text).is_of_file());
    assert!(error(&format!("{text}[guard]\nx = 1\n")).is_of_file());
}

#[test]
fn a_span_is_a_whole_number_and_a_unit_and_longer_than_nothing() {
    for span in ["1", "s", "-1s", "+1s", "1.5s", "1 s", "1d", "", "0s", "0ms", "99999999999999999999h", "8785h"] {
        assert!(
            wrong(&format!("[look]\nsettle = \"{span}\"\n")).starts_with("jobs/q4.toml:5: look.settle: must be"),
            "{span}"
        );
    }
    assert!(
        wrong("[retry]\nmax_delay = \"1s\"\n").contains("retry.max_delay: initial_delay must not be above max_delay")
    );
    assert!(wrong("[look]\nmin = \"3m\"\n").contains("look.min: min must not be above max"));
}

#[test]
fn the_fleet_is_exactly_one_of_csv_xlsx_and_sql() {
    let fleet = |keys: &str| read(&format!("operation = \"shared-to-serverless\"\n[fleet]\n{keys}")).unwrap_err();
    assert_eq!(fleet(""), "jobs/q4.toml:2: fleet.csv: the fleet must have one of csv, xlsx and sql");
    assert_eq!(
        fleet("xlsx = \"a.xlsx\"\nsheet = \"S\"\n"),
        "jobs/q4.toml:3: fleet.xlsx: xlsx comes in a later version; save the sheet as CSV"
    );
    assert!(
        fleet("csv = \"a\"\nxlsx = \"b\"\n").starts_with("jobs/q4.toml:4: fleet.xlsx: the fleet must have only one")
    );
    assert!(fleet("sql = { url = \"sqlite:a\" }\n").starts_with("jobs/q4.toml:3: fleet.sql.query: is missing"));
    assert!(fleet("csv = \"a\"\ncolumns = { clustername = \"C\" }\n").contains("did you mean cluster_name?"));
    assert!(fleet("csv = \"a\"\ncolumns = { region = \"C\", provider = \"c\" }\n").contains("has the same header"));
}

#[test]
fn the_database_url_may_come_from_the_environment_and_is_never_shown() {
    let text =
        "operation = \"shared-to-serverless\"\n[fleet]\nsql = { url = \"env:CMDB_URL\", query = \"select 1\" }\n";
    let config = read_in(text, &[("CMDB_URL", "postgres://me:s3cret@h/db")]).unwrap();
    assert!(!format!("{config:?}").contains("s3cret"));
    assert!(matches!(&config.source, FleetSource::Sql { url, .. } if url.expose_secret().ends_with("@h/db")));
    assert_eq!(read(text).unwrap_err(), "CMDB_URL: is not set, and fleet.sql.url of jobs/q4.toml:3 names it");
    let wrong = read_in(text, &[("CMDB_URL", "mysql://me:s3cret@h/db")]).unwrap_err();
    assert_eq!(wrong, "jobs/q4.toml:3: fleet.sql.url: must begin with sqlite: or postgres://");
}

#[test]
fn defaults_obey_the_rules_for_cells() {
    assert_eq!(
        wrong("[defaults]\nregion = \"us-east-1\"\n"),
        "jobs/q4.toml:5: defaults.region: must be capitals, digits and _; did you mean US_EAST_1? (us-east-1)"
    );
    assert!(wrong("[defaults]\ncluster_name = \"c\"\n").contains("defaults.cluster_name: cannot have a default"));
    assert!(wrong("[defaults]\nwave = 1.5\n").contains("not a float"));
}

#[test]
fn http_is_for_this_machine_only_and_an_address_is_scheme_host_and_port() {
    for good in ["https://a.b", "https://a.b:8443/", "http://localhost:1", "http://[::1]:1", "HTTP://127.9.9.9"] {
        assert!(address::of_text(good).is_ok(), "{good}");
    }
    let bad = "http://a.b https://a.b/api https://a.b?x https://a.b/#x https://u:s3cret@a.b a.b ftp://a.b https:// \
               https://a.b:0 https://a.b:99999 https://a.b: http://127.0.0.1.nip.io http://localhost.evil.com /x";
    for bad in bad.split_whitespace().chain(["", "https://a b"]) {
        let what = address::of_text(bad).unwrap_err();
        assert!(!what.contains("s3cret"), "{what}");
    }
    let overridden = read_in(LEAST, &[(BASE_URL, "http://localhost:1")]).unwrap();
    assert_eq!((overridden.base_url.as_str(), overridden.loopback), ("http://localhost:1", true));
    let wrong = read_in(LEAST, &[(BASE_URL, "http://a.b")]).unwrap_err();
    assert_eq!(wrong, "MONGODB_ATLAS_BASE_URL: must be https: http is for hosts on this machine (http://a.b)");
    assert!(!read_in(LEAST, &[(BASE_URL, " ")]).unwrap().loopback);
}

#[test]
fn a_campaign_is_named_so_that_it_can_name_a_directory() {
    for name in ["", "..", ".x", "a/b", "a b", "ä", &"x".repeat(65)] {
        assert!(
            read(&format!("campaign = \"{name}\"\n{LEAST}")).unwrap_err().starts_with("jobs/q4.toml:1: campaign: "),
            "{name}"
        );
    }
    let wrong = parse(Path::new("jobs/q 4.toml"), LEAST.as_bytes(), &|_| None).unwrap_err().to_string();
    assert!(wrong.starts_with("jobs/q 4.toml: campaign: is missing, and the file's own name"), "{wrong}");
    let missing = load(Path::new("no/such.toml"), &|_| None).unwrap_err().to_string();
    assert_eq!(missing, "no/such.toml: there is no such campaign file");
}

#[test]
fn a_short_settle_time_is_warned_about() {
    let warned = |more: &str| read(&format!("{LEAST}{more}")).unwrap().warnings;
    let both = warned("[look]\nsettle = \"10s\"\n");
    assert_eq!(both.len(), 2);
    assert!(both[0].contains("look.settle: 10s is below atlas.request_timeout (30s)"), "{both:?}");
    assert_eq!(warned("[look]\nsettle = \"30s\"\n[atlas]\nbase_url = \"http://localhost\"\n").len(), 0);
    assert_eq!(warned("[defaults]\ninstance_size = \"M10\"\n").len(), 1);
}

#[test]
fn credentials_are_taken_in_their_order_and_half_a_pair_is_an_error() {
    let of = |variables: &[&str]| credentials(&|name| variables.contains(&name).then(|| name.to_lowercase()));
    let (token, id, secret) = ("MONGODB_ATLAS_ACCESS_TOKEN", "MONGODB_ATLAS_CLIENT_ID", "MONGODB_ATLAS_CLIENT_SECRET");
    let (public, private) = ("MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PRIVATE_API_KEY");
    assert!(matches!(of(&[token, id, secret, public]), Ok(Some(Credentials::Bearer(_)))));
    assert!(matches!(of(&[id, secret, public, private]), Ok(Some(Credentials::ServiceAccount { .. }))));
    assert!(matches!(of(&[public, private]), Ok(Some(Credentials::Digest { .. }))));
    assert!(matches!(of(&[]), Ok(None)));
    assert!(matches!(credentials(&|_| Some(" ".to_owned())), Ok(None)));
    let half = of(&[id, public, private]).unwrap_err().to_string();
    assert_eq!(half, "MONGODB_ATLAS_CLIENT_SECRET: is missing, although MONGODB_ATLAS_CLIENT_ID is set");
    assert!(of(&[private]).unwrap_err().to_string().starts_with("MONGODB_ATLAS_PUBLIC_API_KEY: is missing"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(Path::new("q4.toml"), &bytes, &|_| None);
    }

    #[test]
    fn no_value_makes_it_panic(section in "fleet|look|pace|atlas|retry|defaults", key in "[a-z_]{1,8}|settle|min|sql|csv|columns|base_url|workers|wave", value in "[0-9]{1,30}|\"[^\"\\\\\n]{0,20}\"|true|[0-9]\\.[0-9]|\\[1\\]|\\{ url = 1 \\}") {
        let _ = read(&format!("operation = \"shared-to-serverless\"\n[{section}]\n{key} = {value}\n"));
    }
}
