import sys
import time

from st2common.runners.base_action import Action


class Unicode(Action):
    def run(self):
        print("Grüße, Привет, 你好, שלום, नमस्ते, こんにちは, 👩‍🚀 🎉")
        print("wide: ｆｕｌｌ　ｗｉｄｔｈ; combining: e\u0301 a\u0308; line separator:\u2028after it")
        out = sys.stdout.buffer
        out.write(b"not UTF-8: \xff\xfe, a cut-off character: \xe2\x82 and a lone \x80\n")
        out.flush()
        # One character in two writes: it must arrive whole.
        euro = "€".encode("utf-8")
        out.write(b"in two pieces: " + euro[:1])
        out.flush()
        time.sleep(0.2)
        out.write(euro[1:] + b"\n")
        out.flush()
        return {"text": "Grüße 👋"}
