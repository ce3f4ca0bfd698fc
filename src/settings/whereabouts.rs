use super::forms;
use super::reader::{At, Table};
use crate::aws::{Place, Role};

/// An `aws` table, or what a scaler's and the file's make together.
#[derive(Clone, Debug, Default)]
pub(super) struct Whereabouts<'a> {
    /// The region.
    pub(super) region: Option<At<'a, String>>,
    endpoint_url: Option<String>,
    assume_role: Option<Role>,
}

impl<'a> Whereabouts<'a> {
    /// This with every key that `table` has taken from there instead.
    pub(super) fn overlaid(&self, mut table: Table<'a>) -> Self {
        let [has_region, has_url, has_role] =
            ["region", "endpoint_url", "assume_role"].map(|key| table.has(key));
        let region = table.text("region", forms::region);
        let endpoint_url = table.text("endpoint_url", forms::endpoint_url).map(|at| at.value);
        let assume_role = table.take("assume_role").and_then(At::table).and_then(role);
        table.finish();
        // A key that is there but wrong hides the file's as well: one mistake must not breed another.
        Self {
            region: if has_region { region } else { self.region.clone() },
            endpoint_url: if has_url { endpoint_url } else { self.endpoint_url.clone() },
            assume_role: if has_role { assume_role } else { self.assume_role.clone() },
        }
    }

    /// The place that this is.
    pub(super) fn place(&self) -> Place {
        Place {
            region: self.region.as_ref().map(|at| at.value.clone()),
            endpoint_url: self.endpoint_url.clone(),
            assume_role: self.assume_role.clone(),
        }
    }
}

fn role(mut table: Table<'_>) -> Option<Role> {
    let example = "arn = \"arn:aws:iam::123456789012:role/backlogd\"";
    let arn = table.require("arn", example).and_then(|value| value.text(forms::role_arn));
    let external_id = table.text("external_id", forms::external_id).map(|at| at.value);
    let session_name = table.text("session_name", forms::session_name);
    table.finish();
    Some(Role {
        arn: arn?.value,
        external_id,
        session_name: session_name.map_or_else(|| "backlogd".to_owned(), |at| at.value),
    })
}
