package import MeshNotices

/// A way to reach people: one for each contact. Another kind is one file beside `WebhookNotifier`.
package protocol Notifier: AnyObject {
    /// Tries once to deliver `message` and calls `completion` once, within the notifier's own
    /// timeout and never before this returns. What failed is tried again, or handed over, by
    /// whoever asked.
    func deliver(_ message: NoticeMessage, completion: @escaping (Delivery) -> Void)

    /// Completions are not called any more: the contact is gone.
    func cancelAll()
}
