# SPDX-License-Identifier: BSD-3-Clause
"""redis-py, unmodified: users, over RESP2 and RESP3."""

import unittest

import redis

from server import Server


class Users:
    """The classes below say in which protocol."""

    protocol = 0

    def setUp(self):
        self.server = Server()
        self.admin = self.connect()

    def tearDown(self):
        self.admin.close()
        self.server.close()

    def connect(self, **more):
        return redis.Redis(port=self.server.port, protocol=self.protocol, decode_responses=True, **more)

    def test_a_user_is_made_told_and_deleted(self):
        self.assertTrue(self.admin.acl_setuser(
            "shop", enabled=True, passwords=["+secret"], keys=["orders.*"], channels=["news.*"],
            categories=["+@log"], commands=["+ping", "-fetch"]))
        told = self.admin.acl_getuser("shop")
        self.assertIn("on", told["flags"])
        self.assertEqual(len(told["passwords"]), 1)
        self.assertIn("orders.*", str(told["keys"]))
        self.assertIn("news.*", str(told["channels"]))
        self.assertEqual(self.admin.acl_users(), ["default", "shop"])
        self.assertTrue(self.admin.acl_list()[1].startswith("user shop on"))
        self.assertEqual(self.admin.acl_deluser("shop"), 1)

    def test_a_client_logs_in_and_is_held_to_its_rules(self):
        self.admin.acl_setuser("shop", enabled=True, passwords=["+a b"], keys=["orders"],
                               commands=["+produce", "+client|setinfo", "+ping"])
        shop = self.connect(username="shop", password="a b")
        self.assertTrue(shop.ping())
        self.assertEqual(shop.execute_command("PRODUCE", "orders", "v"), [0, 0])
        with self.assertRaises(redis.exceptions.NoPermissionError):
            shop.execute_command("PRODUCE", "users", "v")
        with self.assertRaises(redis.exceptions.NoPermissionError):
            shop.execute_command("TIME")
        entry = self.admin.acl_log()[0]
        self.assertEqual(entry["reason"], "command")
        self.assertEqual(entry["object"], "time")
        self.assertEqual(entry["username"], "shop")
        self.assertIn("time", str(entry["client-info"]))  # taken apart over RESP2 only
        self.assertIsInstance(entry["age-seconds"], float)
        shop.close()

    def test_a_wrong_password_is_an_authentication_error(self):
        self.admin.acl_setuser("shop", enabled=True, passwords=["+right"])
        shop = self.connect(username="shop", password="wrong")
        with self.assertRaises(redis.exceptions.AuthenticationError):
            shop.ping()
        shop.close()


class UsersOverResp2(Users, unittest.TestCase):
    protocol = 2


class UsersOverResp3(Users, unittest.TestCase):
    protocol = 3


if __name__ == "__main__":
    unittest.main()
