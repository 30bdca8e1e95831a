//! The title of a run, which carries its pull request to a `workflow_run` event: that event has no inputs.

use super::{CommitSha, PullRequestNumber, RepoName};

/// `owner/name#number sha`, followed by nothing, or by a space and any text.
#[derive(Debug, PartialEq)]
pub(crate) struct RunTitle {
    pub(crate) source: RepoName,
    /// `None` if the event that dispatched the run was not a pull request: `owner/name# sha`.
    pub(crate) number: Option<PullRequestNumber>,
    pub(crate) sha: CommitSha,
}

impl RunTitle {
    /// `None` for any other text. A SHA that was cut with the title (at 255 characters) does not count.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (source, rest) = text.split_once('#')?;
        let (number, rest) = rest.split_once(' ')?;
        let sha = rest.split(' ').next()?;
        Some(Self {
            source: source.parse().ok()?,
            number: if number.is_empty() { None } else { Some(number.parse().ok()?) },
            sha: sha.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "7f68d9e953af69e55bb25a20071f79226f30f732";

    #[test]
    fn title_names_the_pull_request_and_may_go_on() {
        for title in ["a/b#7 SHA", "a/b#7 SHA ", "a/b#7 SHA x86 #9 release"] {
            let title = RunTitle::read(&title.replace("SHA", SHA)).unwrap();
            assert_eq!(title.source, "a/b".parse().unwrap());
            assert_eq!(title.number, Some("7".parse().unwrap()));
            assert_eq!(title.sha.as_str(), SHA);
        }
        assert_eq!(RunTitle::read(&format!("a/b# {SHA}")).unwrap().number, None);
        let sha_256 = "0".repeat(64);
        assert_eq!(RunTitle::read(&format!("a/b#7 {sha_256}")).unwrap().sha.as_str(), sha_256);
    }

    #[test]
    fn title_of_another_form_names_nothing() {
        let titles = [
            "",
            "Build from upstream PR",
            "a/b#7",
            "a/b#7 ",
            "a/b#7  SHA",
            "a/b #7 SHA",
            " a/b#7 SHA",
            "a/b#07 SHA",
            "a/b#0 SHA",
            "a/b#-7 SHA",
            "a/b#7 SHAx",
            "a/b#7 SHA\tx",
            "a/b#7 SHA\n",
            "a/b#7 SHA…",
            "a/b#7 7f68d9e953",
            "a#7 SHA",
            "a/b/c#7 SHA",
            "../b#7 SHA",
            "a/b#c/d#7 SHA",
            "Fix a/b#7 SHA",
            "#7 SHA",
        ];
        for title in titles {
            assert_eq!(RunTitle::read(&title.replace("SHA", SHA)), None, "{title}");
        }
    }
}
