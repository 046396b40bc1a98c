import MeshCore
import Testing

struct AlarmTests {
    @Test func `only the earliest setting counts`() {
        var alarm = Alarm()
        #expect(alarm.due == nil)
        let settings = [5, 9, 5, 3, 4].map { seconds in
            alarm.set(at: .zero + .seconds(seconds))
        }
        #expect(settings == [true, false, false, true, false])
        #expect(alarm.due == .zero + .seconds(3))
    }

    @Test func `it goes off once, not before its time, and can be set again`() {
        var alarm = Alarm()
        _ = alarm.set(at: .zero + .seconds(3))
        let answers = [2, 3, 4, 5].map { seconds in alarm.goesOff(at: .zero + .seconds(seconds)) }
        #expect(answers == [false, true, false, false])
        #expect(alarm.due == nil)
        let isSet = alarm.set(at: .zero + .seconds(6))
        #expect(isSet)
    }
}
