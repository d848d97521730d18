use super::fixed::fixed;

fixed! {
    /// `X-Download-Options`, for Internet Explorer 8.
    DownloadOptions for DownloadOptions {
        /// A download is not opened in the site's context.
        NoOpen = "noopen",
    }
}
